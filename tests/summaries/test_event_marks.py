"""Marks: alerts of the model's version, versions, deployments, and the ends of references."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.models import ModelVersion
from modeltap.store.versions import note_version
from modeltap.summaries.event_marks import event_marks


def test_alerts_and_the_reference_in_order(reader):
    marks = event_marks(reader, ModelVersion("m", ""), lambda alert: f"/alerts#{alert}")
    letters = [mark.letter for mark in marks]
    (alerts,) = reader.execute("select count(*) from alerts where state <> 'pending'").fetchone()
    assert letters.count("A") == alerts > 0 and letters.count("R") == 1
    assert [mark.seconds for mark in marks] == sorted(mark.seconds for mark in marks)
    assert event_marks(reader, ModelVersion("m", "other"), lambda _: None) == []


def test_versions_and_deployments(tmp_path):
    """Those that replace another one in the same environment."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        with writing(connection):
            for environment, version, day in (("", "1", 1), ("", "2", 5), ("staging", "3", 3)):
                connection.execute(
                    "insert into versions values ('m', ?, ?, ?, ?, 9)",
                    (environment, version, f"2024-01-0{day}", "2024-01-09"),
                )
            note_version(connection, "m", "", "hot fix", "2024-01-07T00:00:00.000Z")
        marks = event_marks(connection, ModelVersion("m", ""), lambda _: None)
        assert [mark.letter for mark in marks] == ["V", "D"]
        assert marks[0].title.endswith("version 2 begins") and "hot fix" in marks[1].title
        assert event_marks(connection, ModelVersion("m", "@staging"), lambda _: None) == []
