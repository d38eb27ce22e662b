"""Due windows: recorded when labels arrive, deleted when their performance was computed."""

from __future__ import annotations

from modeltap.store.connection import connect, writing
from modeltap.store.due_windows import DueWindow, delete_due_window, labelled_windows, record_due


def test_a_due_window_is_recorded_once_with_the_newest_label(store):
    """It is listed until it is deleted; other windows of the model stay."""
    connection = connect(store)
    first = DueWindow("m", "", "1h", "2024-01-01T00:00:00.000Z")
    second = first._replace(start="2024-01-01T01:00:00.000Z")
    with writing(connection):
        record_due(connection, [first, second], 3)
        record_due(connection, [first], 5)
    assert labelled_windows(connection) == [(first, 5), (second, 3)]
    with writing(connection):
        delete_due_window(connection, first)
    assert labelled_windows(connection) == [(second, 3)]
    connection.close()
