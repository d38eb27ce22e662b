"""The queue of rows that are worth a person's time, and their labels.

review_reasons  reasons to look at a row: confidence, disagreement, slices, unusual values
review_queue    the rows to ask about, with a random sample
answer_form     answers as labels of the model's type
review_session  the queue of a store's model, its answers, and what they count for
row_claim       the right to be the only one who is asked about a row
review_desk     several reviewers at once, undo, and the questions of pages
stored_review   a session of a store's model, and single answers of programs
"""
