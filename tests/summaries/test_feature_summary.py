"""One feature in a window."""

from __future__ import annotations

import pytest

from modeltap.store.models import ModelVersion
from modeltap.summaries.feature_summary import feature_summary

OF = ModelVersion("m", "")


def test_the_last_window_or_the_one_asked_for(reader, whole):
    last = feature_summary(reader, OF, "amount", whole)
    assert last.window_start.startswith("2024-05-02T05")
    assert sum(pair.window for pair in last.pairs) == pytest.approx(1)
    assert sum(pair.reference for pair in last.pairs) == pytest.approx(1)
    assert "amount" in last.explanation
    asked = feature_summary(reader, OF, "amount", whole, "2024-05-01T20:00:00.000Z")
    assert asked.window_start == "2024-05-01T20:00:00.000Z" and asked.is_asked
    assert {row["window_start"] for row in asked.metrics} == {asked.window_start}


def test_a_feature_that_is_not_there(reader, whole):
    assert feature_summary(reader, OF, "nobody", whole) is None


def test_its_neighbours_and_why_nothing_moved(reader, whole):
    """Every window has a sentence, and leads to the windows next to it."""
    last = feature_summary(reader, OF, "color", whole)
    assert last.later is None and last.earlier < last.window_start
    before = feature_summary(reader, OF, "color", whole, last.earlier)
    assert before.later == last.window_start
    assert before.explanation.startswith(("Nothing moved", "Not tested", "color"))
    (shaded,) = before.history.spans
    assert shaded.end - shaded.start == 3600


@pytest.mark.parametrize("start", ["1999-01-01T00:00:00.000Z", "nonsense", "'", "\x00"])
def test_a_window_without_rows(reader, whole, start):
    """Is not what was asked for; the last one is shown."""
    shown = feature_summary(reader, OF, "amount", whole, start)
    assert not shown.is_asked and shown.later is None
