"""Forests of random trees, grown on all their trees at once with NumPy.

They take a few hundredths of a second for samples of 2,000 rows. scikit-learn's forests take as
long again for each, and a second to import.

row_bits           sets of rows as bits: packing, counting, listing
separating_forest  a classifier of two samples
isolation_forest   a score of outlying rows
"""
