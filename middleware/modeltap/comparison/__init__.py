"""A candidate compared with the current model before it is promoted.

`candidates` has the outputs of candidates, `differences` the statistics.

compared_rows      the current model's rows in a store
golden_set         labelled rows of a store written to a file
golden_rows        the rows of such a file
aligned_outputs    the outputs of both models for the same rows
several_outputs    each of several outputs as the rows of a model with one
compared_segments  slices and groups of the rows
version_differences  two versions compared on different rows
model_comparison   the steps of a comparison, and its result
"""
