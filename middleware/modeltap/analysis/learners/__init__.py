"""Models that are fitted to samples of rows, with NumPy and SciPy.

They take a few hundredths of a second for samples of 2,000 rows. Those of scikit-learn take several
times as long, and a second to import.

row_bits             sets of rows as bits: packing, counting, listing
separating_forest    a forest that separates two samples of tables
isolation_forest     a score of outlying rows
logistic_regression  a classifier of texts and vectors
"""
