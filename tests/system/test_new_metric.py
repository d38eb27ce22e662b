"""A new metric is a detector and one entry; rows, reports, rules and alerts follow from them."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from modeltap.analysis import detectors
from modeltap.analysis.model.metric import AT_ONCE, Metric, verdict
from modeltap.cli.main import cli
from modeltap.config.catalogue.catalogue_entry import CatalogueEntry
from modeltap.config.metrics import CATALOGUE
from modeltap.config.rule_settings import parse_rule
from stores import analyze, every, put, read

OPTIONS = {"window": "1d", "reference": "first 1440 rows", "multivariate": False}


def crowded(context):
    """Return a new metric: the window's rows, relative to 1.5 times half of the reference's."""
    rows, most = context.window.rows, 1.5 * context.reference.rows / 2
    return [
        Metric(
            metric="crowding",
            rows=rows,
            value=rows / most,
            threshold=1.0,
            strength=AT_ONCE,
            verdict=verdict(rows > most, rows, context.min_rows),
        )
    ]


@pytest.fixture
def crowding(monkeypatch):
    """One line in the tuple of detectors and one entry in the catalogue."""
    detector = SimpleNamespace(evaluate=crowded)
    monkeypatch.setattr(detectors, "DETECTORS", (*detectors.DETECTORS, detector))
    entry = CatalogueEntry(
        "crowding",
        "fraction",
        "lower",
        "data_quality",
        "quality",
        True,
        "rows in relation to the baseline",
    )
    monkeypatch.setitem(CATALOGUE, "crowding", entry)


@pytest.fixture
def store(tmp_path):
    """Two days of 720 rows, and a third one of twice as many."""
    path = tmp_path / "taps.db"
    put(path, every(2, 1440), [{"x": n * 7919 % 1000 / 10} for n in range(1440)])
    rows = [{"x": n * 7907 % 1000 / 10} for n in range(1440)]
    put(path, every(1, 1440, first=2 * 24 * 60), rows, prefix="many-")
    put(path, every(1, 10, first=3 * 24 * 60), rows[:10], prefix="next-")
    return path


def run(*words):
    done = CliRunner().invoke(cli, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


def test_its_rows_its_report_and_its_alert(store, crowding):
    """`modeltap metrics`, `modeltap quality`, and an alert of the rule that the entry names."""
    analyze(store, OPTIONS)
    output = run("metrics", "--store", store, "--metric", "crowding", "--json")
    rows = [json.loads(line) for line in output.splitlines()]
    assert [row["verdict"] for row in rows] == ["learning", "alert"]
    assert "crowding" in run("quality", "--store", store, "--last", "2")
    assert "crowding" not in run("drift", "--store", store, "--last", "3")
    (alert,) = read(store, "select * from alerts where metric = 'crowding'")
    assert (alert["rule"], alert["state"]) == ("data_quality", "firing")
    assert parse_rule({"metric": "crowding", "above": 2.0}).metric == "crowding"


def test_a_detector_that_raises_costs_only_its_own_metrics(store, monkeypatch, caplog):
    """The metrics of the others are stored, and the log names the detector once for each window."""
    before = detectors.DETECTORS
    broken = SimpleNamespace(evaluate=lambda _: 1 / 0, __name__="modeltap.detectors.broken")
    monkeypatch.setattr(detectors, "DETECTORS", (before[0], broken, *before[1:]))
    with caplog.at_level(logging.ERROR, "modeltap"):
        assert analyze(store, OPTIONS).windows >= 3
    failures = [entry for entry in caplog.records if "no metrics of broken" in entry.message]
    assert len(failures) == 2, "the first day has no reference"
    metrics = {row["metric"] for row in read(store, "select distinct metric from metrics")}
    assert {"drift", "missing_rate", "duplicate_rate", "gap_seconds"} <= metrics
