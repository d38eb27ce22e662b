"""Performance metrics that could not be compared."""

from __future__ import annotations

from contextlib import closing

import pytest
from msgspec import structs

from coverage_cases import CLEAN, fill
from modeltap.analysis.coverage.untested_metrics import untested_metrics, unused_labels_of
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.verdicts.results import Period, WindowResult, write
from modeltap.store.connection import connect, writing

HOURS = [f"2024-01-01T0{hour}:00:00.000Z" for hour in range(3)]


@pytest.mark.parametrize(("other", "level"), [("ok", "note"), ("not_enough_rows", "problem")])
def test_metrics_of_the_last_window_that_cannot_be_compared_are_named(store, other, level):
    fill(store, CLEAN)
    message = "labels are words and predictions numbers"
    metrics = [
        Metric(metric="accuracy", rows=50, verdict="not_comparable", explanation=message),
        Metric(metric="f1_macro", rows=50, verdict=other, value=0.5),
    ]
    with closing(connect(store)) as connection:
        assert untested_metrics(connection, "m", None) == []
        with writing(connection):
            write(connection, WindowResult(Period("m", "", "1h", HOURS[0], HOURS[1]), metrics))
        (finding,) = untested_metrics(connection, "m", None)
        assert (finding.subject, finding.reason, finding.level) == ("accuracy", message, level)
        assert untested_metrics(connection, "m", "staging") == []
        with writing(connection):
            write(connection, WindowResult(Period("m", "", "1h", HOURS[1], HOURS[2]), metrics[1:]))
        assert untested_metrics(connection, "m", None) == []


def test_labels_that_the_last_window_left_out_are_a_note(store):
    fill(store, CLEAN)
    message = "3 of 50 labels are not compared: 3 have no prediction"
    coverage = Metric(metric="label_coverage", rows=50, value=1.0)
    with closing(connect(store)) as connection:
        for start, explanation in enumerate((message, None)):
            own = [structs.replace(coverage, explanation=explanation)]
            period = Period("m", "", "1h", HOURS[start], HOURS[start + 1])
            with writing(connection):
                write(connection, WindowResult(period, own))
            notes = [finding.reason for finding in unused_labels_of(connection, "m", None)]
            assert notes == [message] * (explanation is not None)
            assert unused_labels_of(connection, "m", "staging") == []
