"""When a run counts as failed, and the line that says why."""

from __future__ import annotations

import json

import pytest

from modeltap.replaying.replay_report import ReplayReport

BASE = {"model": "m", "candidate": "new", "url": "http://h", "requests": 9, "answered_before": 0}


@pytest.mark.parametrize(
    ("counts", "failure"),
    [
        ({"sent": 9, "answered": 1}, None),
        ({"answered_before": 9}, None),
        ({"sent": 2, "failed": {"status 500": 2}, "answered_before": 7}, None),
        (
            {"sent": 9, "failed": {"status 404": 8, "timeout": 1}},
            "http://h: no response has a prediction: status 404 (8), timeout (1)",
        ),
        (
            {"left_out": {"request masked": 9}},
            "no stored request of 'm' can be sent again: request masked (9)",
        ),
        ({"requests": 0}, "no stored request of 'm' matches the given options"),
        ({"sent": 5, "answered": 5, "stopped": "down"}, "http://h: down"),
    ],
)
def test_a_run_has_failed_if_nothing_useful_came_or_if_it_stopped(counts, failure):
    report = ReplayReport(**{**BASE, **counts})
    assert report.failure == failure
    assert json.loads(json.dumps(report.to_dict()))["requests"] == report.requests
