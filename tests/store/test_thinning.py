"""One row for each part of a period."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap import clock
from modeltap.store.connection import connect, writing
from modeltap.store.thinning import period_edges, thinned_metrics
from stores import put_metric

START, END = "2024-01-01T00:00:00.000Z", "2024-01-05T00:00:00.000Z"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Hours of a metric, three of them with alerts, and another metric."""
    with closing(connect(tmp_path_factory.mktemp("thin") / "taps.db")) as connection:
        with writing(connection):
            for hour in range(96):
                verdict = "alert" if hour in (5, 6, 50) else "ok"
                put_metric(connection, hour, "mae", verdict=verdict, value=float(hour))
                put_metric(connection, hour, "rmse", value=-1.0)
        yield connection


def hours(connection, most, **values):
    bound = {"metric": "mae", "start": START, "end": END, **values}
    rows = thinned_metrics(connection, "value", "model = 'm' and metric = :metric", bound, most)
    return [row[0] for row in rows]


def test_a_part_is_its_last_alert_or_its_last_window(filled):
    assert hours(filled, 4) == [6.0, 47.0, 50.0, 95.0]
    assert hours(filled, 96) == list(map(float, range(96)))


@pytest.mark.parametrize("most", [1, 3, 7, 50, 95, 500])
def test_each_part_has_at_most_one_row(filled, most):
    own = hours(filled, most)
    assert own == sorted(own) and 1 <= len(own) <= min(most, 96)
    assert 50.0 in own and (most == 1 or {5.0, 6.0} & set(own))


def test_only_the_period_is_read(filled):
    assert hours(filled, 2, start="2024-01-03T00:00:00.000Z") == [50.0, 95.0]
    assert hours(filled, 2, end="2023-01-01T00:00:00.000Z", start="2022-01-01T00:00:00.000Z") == []
    with pytest.raises(ValueError, match="start and an end"):
        hours(filled, 2, end="soon")


def test_edges_cover_the_whole_period():
    edges = period_edges(clock.parse(START), clock.parse(END), 7)
    assert (edges[0], edges[-1], len(edges)) == (START, END, 8) and list(edges) == sorted(edges)
