"""Findings: the common cause of several metrics, with evidence that names it.

finder              the findings of a window, after its detectors
renamed_categories  a category that has another name
swapped_columns     two columns that have each other's values
changed_values      another unit, another sign, rounding
"""
