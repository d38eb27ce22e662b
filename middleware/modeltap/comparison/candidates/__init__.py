"""The outputs of candidates.

candidate_outputs   outputs by row, wherever they come from
candidate_file      a file of predictions
stored_candidate    predictions in the store
replayed_candidate  a URL, which is sent the stored requests first
served_candidate    a URL, which is sent the requests of a golden set
candidate_function  a Python function in a child process
function_outputs    the input and the output of a function
function_child      the child process
"""
