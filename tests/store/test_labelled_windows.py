"""Windows with too few labels wait to be evaluated together with others."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import labelled_windows
from modeltap.store.connection import connect, writing
from modeltap.store.labelled_windows import LabelledWindow


def window(hour, evaluated_from=None, model="m"):
    start = None if evaluated_from is None else f"2024-01-01T{evaluated_from:02}"
    return LabelledWindow(model, "", "1h", f"2024-01-01T{hour:02}", 10, 5, start)


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def put(connection, *windows):
    with writing(connection):
        labelled_windows.put_labelled(connection, windows)


def hours(listed):
    return [int(item.window_start[-2:]) for item in listed]


def test_neighbours_are_the_adjacent_waiting_windows(connection):
    put(connection, window(1), window(2, 2), window(3), window(4), window(7), window(8, 8))
    put(connection, window(4, model="n"), window(9))
    own = window(5)
    assert hours(labelled_windows.neighbours(connection, own)) == [3, 4, 5, 7]
    changed = window(4)._replace(labelled=9)
    assert labelled_windows.neighbours(connection, changed)[1].labelled == 9
    assert hours(labelled_windows.neighbours(connection, window(2))) == [1, 2, 3, 4, 7]


def test_a_window_is_found_by_its_start(connection):
    put(connection, window(1, 1), window(2, model="n"))
    assert labelled_windows.labelled_window(connection, *window(1)[:4]) == window(1, 1)
    assert labelled_windows.labelled_window(connection, *window(2)[:4]) is None


def test_windows_of_one_period_are_found_by_its_start(connection):
    put(connection, window(1, 1), window(2, 1), window(3, 3), window(4))
    assert hours(labelled_windows.evaluated_with(connection, window(2), window(1)[3])) == [1, 2]
    assert labelled_windows.evaluated_start(connection, window(2)) == window(1)[3]
    assert labelled_windows.evaluated_start(connection, window(4)) is None
    assert labelled_windows.evaluated_start(connection, window(9)) is None


def test_late_labels_between_periods_belong_to_the_one_before(connection):
    """Only if a later window was evaluated; the last windows wait for further labels."""
    put(connection, window(1, 1), window(2, 1), window(4, 4))
    assert hours(labelled_windows.evaluated_before(connection, [window(3)])) == [1, 2]
    assert labelled_windows.evaluated_before(connection, [window(5)]) == []
    assert labelled_windows.evaluated_before(connection, [window(0)]) == []


def test_a_reset_deletes_windows_and_their_metrics(connection):
    put(connection, window(1, 1), window(2, 1))
    with writing(connection):
        for name in ("mae", "drift"):
            connection.execute(
                "insert into metrics (model, version, window, window_start, window_end, rows, "
                "metric, computed_at) values ('m', '', '1h', '2024-01-01T01', '', 1, ?, '')",
                (name,),
            )
        labelled_windows.reset_labelled_windows(connection, ["mae", "rmse"])
    assert labelled_windows.neighbours(connection, window(1)) == [window(1)]
    kept = [row["metric"] for row in connection.execute("select metric from metrics")]
    assert kept == ["drift"]
