"""The errors of each version and environment of a model."""

from __future__ import annotations

from contextlib import closing

from modeltap.analysis.failures import error_report
from modeltap.analysis.failures.error_report import error_reports
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from stores import analyze, every, put


def test_environments_are_separate(store):
    put(store, every(1, 30), [{"x": n} for n in range(30)])
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set environment = 'staging' where seq <= 10")
        connection.execute("update exchanges set status = 500 where seq % 5 = 0")
    analyze(store, {})
    with closing(connect(store)) as connection:
        reports = list(error_reports(connection, Settings(), "m"))
    assert [report.version for report in reports] == ["", "@staging"]
    assert [report.groups[0].count for report in reports] == [4, 2]
    assert all(report.notes[0].text.startswith("no labelled rows") for report in reports)


def test_a_limit_is_a_note(store, monkeypatch):
    monkeypatch.setattr(error_report, "_FAILURES", 5)
    put(store, every(1, 30), [{"x": n} for n in range(30)])
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set status = 400")
        (report,) = error_reports(connection, Settings(), "m")
    assert report.groups[0].count == 5
    assert report.notes[-1] == ("request", "only the newest 5 failed requests are counted")
