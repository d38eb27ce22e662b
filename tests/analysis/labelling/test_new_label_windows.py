"""New labels make the windows of their rows due, once, whichever id they were sent with."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.labelling.new_label_windows import record_new_labels
from modeltap.config.windows import Window
from modeltap.store.connection import connect, writing
from modeltap.store.due_windows import labelled_windows
from modeltap.store.labels import insert_labels
from modeltap.store.settings import SettingsReader
from stores import analyze, every, put, read

ROWS = 48
STARTS = {
    "1d": ["2024-01-01T00:00", "2024-01-02T00:00"],
    "6h": [f"2024-01-0{day}T{hour:02}:00" for day in (1, 2) for hour in (0, 6, 12, 18)],
    "90m": [f"2024-01-01T{90 * n // 60:02}:{90 * n % 60:02}" for n in range(16)],
    "45m": [f"2024-01-01T{45 * n // 60:02}:{45 * n % 60:02}" for n in range(32)],
    "1 month": ["2024-01-01T00:00"],
}
STEPS = {"90m": 30, "45m": 29.9}
"""Minutes between rows where an hour would leave windows without any."""


def filled(store, window):
    put(store, every(STEPS.get(window, 60), ROWS), [{"x": float(n)} for n in range(ROWS)])
    analyze(store, {"window": window})
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set request_id = 'q' || id")


def due(store, window, ids, *, again=False):
    with closing(connect(store)) as connection:
        with writing(connection):
            insert_labels(connection, [(id_, 0, 1.0) for id_ in ids], source="test")
        record_new_labels(connection, SettingsReader(connection, {"window": window}), again=again)
        return [own.start[:16] for own, _ in labelled_windows(connection)]


@pytest.mark.parametrize("window", STARTS)
def test_each_window_with_a_label_is_due(store, window):
    filled(store, window)
    assert due(store, window, [f"r{n}" for n in range(ROWS)]) == STARTS[window]


def test_only_windows_with_a_label_are_due(store):
    filled(store, "6h")
    assert due(store, "6h", ["r0", "r1", "r20"]) == [STARTS["6h"][0], STARTS["6h"][3]]


@pytest.mark.parametrize("known", [0, 10])
def test_labels_by_other_ids_are_joined_first(store, known):
    """Those by the exchanges' own ids are not read before, and count once."""
    filled(store, "1d")
    ids = [f"r{n}" if n < known else f"qr{n}" for n in range(ROWS)]
    assert due(store, "1d", [*ids, "nobody"]) == STARTS["1d"]
    assert read(store, "select sum(labels) as n from label_days") == [{"n": ROWS}]
    assert read(store, "select count(*) as n from labels where exchange_id like 'qr%'")[0]["n"] == 0


def test_again_makes_all_of_them_due(store):
    filled(store, "1d")
    due(store, "1d", [f"r{n}" for n in range(ROWS)])
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("delete from due_windows")
    assert due(store, "1d", []) == []
    assert due(store, "1d", [], again=True) == STARTS["1d"]
    assert read(store, "select sum(labels) as n from label_days") == [{"n": ROWS}]


def test_windows_of_rows_begin_at_their_first_row(store):
    window = "12 rows"
    filled(store, window)
    assert due(store, window, ["r0"]) == []  # no window is counted before there is a reference
    assert Window.parse(window).kind == "rows"
