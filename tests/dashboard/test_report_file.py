"""The report: one file that needs no other."""

from __future__ import annotations

import json
import re

import pytest

from command import modeltap


def test_one_html_file_with_its_pictures(at, tmp_path):
    modeltap("report", *at, "-o", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert text.count("<svg") > 4 and "Jensen-Shannon" not in text
    assert not re.search(r'(src|href)="', text) and "<script" not in text
    assert len(text.encode()) < 2_000_000


def test_markdown_and_json_have_the_alerts(at, tmp_path):
    shown = modeltap("report", *at)
    assert shown.startswith("# Model report of cli.db") and "**data\\_drift**" not in shown
    assert "| m | alert | 2024-05-01" in shown and "- **data_drift** (" in shown
    modeltap("report", *at, "-o", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    (model,) = report["models"]
    assert model["state"] == "alert"
    assert {alert["rule"] for alert in model["alerts"]} >= {"data_drift", "performance"}
    performance = {row["metric"]: row for row in model["performance"]}
    assert performance["mae"]["low"] < performance["mae"]["value"] < performance["mae"]["high"]
    assert "| mae | " in shown and "| metric | value | interval |" in shown


def test_a_pipeline_fails_on_alerts(at):
    modeltap("report", *at, "--fail-on", "alert", code=1)
    modeltap("report", *at, "--model", "m", "--since", "2099-01-01", "--fail-on", "alert", code=1)


@pytest.mark.parametrize(
    "words", [("-o", "report.pdf"), ("--model", "nobody"), ("-o", "no/such/report.md")]
)
def test_wrong_options_are_one_line(at, words):
    assert len(modeltap("report", *at, *words, code=1).strip().splitlines()) == 1
