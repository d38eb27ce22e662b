"""Traffic windows: due from their end until they are evaluated."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store import traffic
from modeltap.store.connection import connect, writing
from modeltap.store.traffic import StoredTraffic


def window(hour, model="m", requests=10, errors=1):
    start, end = f"2024-01-01T{hour:02}", f"2024-01-01T{hour + 1:02}"
    return StoredTraffic(model, "", "1h", start, end, requests, errors, 0, 0, 0, b"")


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            for hour in (2, 1, 3):
                traffic.put_traffic(opened, window(hour))
            traffic.put_traffic(opened, window(2, "n", requests=5))
        yield opened


def starts(windows):
    return [
        (traffic_window.model, int(traffic_window.window_start[-2:])) for traffic_window in windows
    ]


def test_windows_are_due_after_their_end(connection):
    assert starts(traffic.closed_traffic(connection, "2024-01-01T02")) == [("m", 1)]
    assert not traffic.closed_traffic(connection, "2024-01-01T01")
    with writing(connection):
        traffic.mark_traffic_done(connection, "m", "", "1h", "2024-01-01T01")
    assert not traffic.closed_traffic(connection, "2024-01-01T02")
    closed = traffic.closed_traffic(connection, "2024-01-01T03")
    assert sorted(starts(closed)) == [("m", 2), ("n", 2)]
    again = traffic.closed_traffic(connection, "2024-01-01T02", due_only=False)
    assert starts(again) == [("m", 1)]


def test_more_requests_make_a_window_due_again(connection):
    with writing(connection):
        traffic.mark_traffic_done(connection, "m", "", "1h", "2024-01-01T01")
        traffic.put_traffic(connection, window(1, requests=11))
    assert traffic.closed_traffic(connection, "2024-01-01T02")
    assert traffic.get_traffic(connection, "m", "", "1h", "2024-01-01T01").requests == 11
    assert traffic.get_traffic(connection, "m", "", "1h", "2024-01-01T09") is None


def test_requests_are_summed_over_a_half_open_period(connection):
    def counted(model, start, end):
        return traffic.count_requests(connection, model, f"2024-01-01T{start}", f"2024-01-01T{end}")

    assert counted("m", "01", "03") == (20, 2) and counted("m", "01", "04") == (30, 3)
    assert counted("n", "00", "09") == (5, 1) and counted("x", "00", "09") == (0, 0)
    assert sorted(traffic.models_with_traffic(connection)) == ["m", "n"]
