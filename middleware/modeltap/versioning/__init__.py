"""Two versions of a model, side by side.

version_result     a metric before and after a change of version, and the whole comparison
version_rows       metrics of the rows of each version: performance, predictions, response times
version_windows    metrics of the windows before and after a change
version_change     the choice of the two versions, and the steps of a comparison
version_history    the versions in a store, and the change between two of them
noted_version      a version that is noted for exchanges without one
"""
