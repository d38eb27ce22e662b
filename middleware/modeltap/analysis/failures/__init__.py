"""Errors: wrong predictions, failed requests and invalid fields, in groups with examples.

error_group        a group of errors of one kind
message_shapes     messages without the parts that differ from one request to the next
error_bodies       the message in the body of a failed request
invalid_fields     the fields that a response with a validation error names
failed_requests    failed requests by message, and validation errors by field
wrong_predictions  confused classes, the largest errors, and the slices with most errors
error_report       the errors of a model
"""
