"""Marks: each alert of the model's version, and the end of its reference."""

from __future__ import annotations

from modeltap.store.models import ModelVersion
from modeltap.summaries.event_marks import event_marks


def test_alerts_and_the_reference_in_order(reader):
    marks = event_marks(reader, ModelVersion("m", ""), lambda alert: f"/alerts#{alert}")
    letters = [mark.letter for mark in marks]
    (alerts,) = reader.execute("select count(*) from alerts where state <> 'pending'").fetchone()
    assert letters.count("A") == alerts > 0 and letters.count("R") == 1
    assert [mark.seconds for mark in marks] == sorted(mark.seconds for mark in marks)
    assert event_marks(reader, ModelVersion("m", "other"), lambda _: None) == []
