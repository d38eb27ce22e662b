"""The arrival of a window's labels within an hour, a day and a week."""

from __future__ import annotations

import pytest

from modeltap import clock
from modeltap.analysis.arrival.label_arrival import (
    TooYoung,
    UnknownDelays,
    arrival_metrics,
    next_horizon,
    window_arrivals,
)

LAST = "2024-05-01T12:00:00.000Z"
END = clock.parse(LAST)
ROWS = [
    ("2024-05-01T11:00:00.000Z", True, 60.0),
    ("2024-05-01T11:30:00.000Z", True, 7200.0),
    ("2024-05-01T11:45:00.000Z", False, None),
    (LAST, True, 3 * 86_400.0),
]


def of(rows):
    return window_arrivals(*([row[place] for row in rows] for place in range(3)))


def metrics(rows, now):
    return {metric.metric: metric for metric in arrival_metrics(of(rows), now)}


def test_each_horizon_counts_all_rows():
    """Rows without a label are not labelled in time."""
    own = metrics(ROWS, END + 8 * 86_400)
    assert own["label_arrival_1h"].value == 0.25
    assert own["label_arrival_1d"].value == 0.5
    assert own["label_arrival_7d"].value == 0.75
    assert own["label_arrival_7d"].count == 3 and own["label_arrival_7d"].rows == 4
    assert own["label_delay_p50_seconds"].value == 7200
    assert {metric.verdict for metric in own.values()} == {None}


@pytest.mark.parametrize(
    ("age", "known"), [(0, 0), (3599, 0), (3600, 1), (86_400, 2), (604_800, 3)]
)
def test_a_horizon_is_known_when_the_last_row_has_reached_it(age, known):
    """Until then a label may still arrive in time; the reason is in the row."""
    own = [own for name, own in metrics(ROWS, END + age).items() if "arrival" in name]
    assert sum(metric.value is not None for metric in own) == known
    assert all(isinstance(metric.evidence, TooYoung) for metric in own[known:])


def test_labels_with_an_unknown_delay_are_left_out():
    """Imported with their rows, they show nothing about delays."""
    imported = (LAST, True, None)
    own = metrics([*ROWS, imported], END + 8 * 86_400)
    assert own["label_arrival_7d"].rows == 4
    alone = metrics([imported], END + 8 * 86_400)
    assert {metric.value for metric in alone.values()} == {None}
    assert {metric.evidence for metric in alone.values()} == {UnknownDelays(1)}


def test_the_next_horizon_is_the_first_one_ahead():
    known = of(ROWS)
    assert next_horizon(known, END) == END + 3600
    assert next_horizon(known, END + 3600) == END + 86_400
    assert next_horizon(known, END + 86_400 * 7) is None
    assert next_horizon(of([(LAST, True, None)]), END) is None
    assert next_horizon(of([]), END) is None
