"""The endpoint that receives labels, answered by the tap and never recorded.

`label_bodies` reads the labels in a post, `labels_endpoint` checks the post and stores them.
"""
