"""The report of alerts in a run: complete, without values, and without a client's markup."""

from __future__ import annotations

from contextlib import closing

import pytest

from bridge_facts import facts
from modeltap.bridges.mlflow_report import alert_rows, report_text
from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion

__all__ = ["facts"]


def rows_of(facts):
    with closing(connect(facts.path)) as connection:
        return alert_rows(connection, ModelVersion("m", ""))


def test_alerts_are_rows_with_examples_and_without_values(facts):
    facts.fire()
    (row,) = rows_of(facts)
    assert row["summary"] == "m: [value] is new" and row["examples"] == ["r0", "r1"]
    text = report_text(None, [row])
    assert "| 2026-01-01 02:00 | firing | critical | data\\_drift |" in text


@pytest.mark.parametrize(
    "name", ["<script>", "a|b", "`x`", "[x](http://e)", "two\nlines", "\x1b[2J"]
)
def test_a_name_is_text_in_its_cell(facts, name):
    facts.fire(feature=name, summary=f"m: {name} drifted")
    text = report_text(None, rows_of(facts))
    (line,) = [line for line in text.splitlines() if "firing" in line]
    assert line.replace("\\|", "").count("|") == 6
    assert "<script" not in text and "\x1b" not in text and "](" not in text.replace("\\]", "")


def test_without_alerts_it_says_so():
    assert "No alerts." in report_text(None, [])
