"""Findings explain alerts, are one alert in the store, and never cost an alert if they fail."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from findings import alerts
from modeltap.analysis.findings import finder
from modeltap.analysis.findings.swapped_columns import Swapped
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.references.fit import fit
from stores import analyze, every, put, read


def rows(rng, n, swap=False, new="app"):
    width, height = rng.normal(30, 5, size=n), rng.normal(40, 5, size=n)
    if swap:
        width, height = height, width
    channel = rng.choice(["web", new, "shop"], p=[0.6, 0.3, 0.1], size=n).tolist()
    parts = zip(width.tolist(), height.tolist(), channel, strict=True)
    return [{"width": w, "height": h, "channel": c} for w, h, c in parts]


def test_a_swap_and_a_new_name_are_two_alerts_in_the_store(tmp_path):
    """Both features of the swap are listed as related."""
    rng, path = np.random.default_rng(1), tmp_path / "taps.db"
    settings = {"window": "1d", "reference": "first 1600 rows", "multivariate": False}
    put(path, every(3.6, 1600), rows(rng, 1600))
    faulty = rows(rng, 1600, swap=True, new="mobile")
    put(path, every(1.8, 1600, first=4 * 24 * 60), faulty, prefix="faulty-")
    put(path, every(1, 20, first=6 * 24 * 60), faulty[:20], prefix="next-")
    analyze(path, settings)
    reported = read(path, "select metric, feature, related, summary from alerts order by feature")
    assert [(a["metric"], a["feature"], json.loads(a["related"])) for a in reported] == [
        ("unseen_rate", "channel", ["channel"]),
        ("drift", "width", ["width", "height"]),
    ]
    assert "category `app` is now `mobile` (" in reported[0]["summary"]
    assert "columns `width` and `height` are swapped" in reported[1]["summary"]


@pytest.mark.parametrize("urgent, head", [("width", "width"), ("height", "height")])
def test_the_alert_of_a_finding_is_one_that_needs_no_second_window(urgent, head):
    """Otherwise the urgent one would fire beside it while it is pending."""
    finding = Swapped(("width", "height"))
    metrics = [
        Metric(metric="drift", rows=9, feature=name, verdict=ALERT, at_once=name == urgent)
        for name in finding.features
    ]
    evidence = dict.fromkeys(finding.features, finding)
    heads = [
        metric.feature for metric in finder._with_evidence(metrics, evidence) if metric.related
    ]
    assert heads == [head]


def test_a_changed_unit_is_one_alert_in_hours_and_days(tmp_path):
    """Quality is evaluated every four hours, drift by the day; both show the same factor."""
    rng, path = np.random.default_rng(1), tmp_path / "taps.db"
    settings = {"min_rows": 40, "reference": "first 5d", "multivariate": False}
    distance = np.exp(rng.normal(size=8 * 240))
    distance[6 * 240 :] *= 1000
    put(path, every(6, len(distance)), [{"distance": value} for value in distance.tolist()])
    analyze(path, settings)
    reported = read(path, "select distinct feature, related, summary from alerts")
    assert [(a["feature"], a["related"]) for a in reported] == [("distance", '["distance"]')]
    assert "values have been multiplied by 1,000" in reported[0]["summary"]


def test_a_failing_finding_costs_no_alert(monkeypatch, caplog):
    rng = np.random.default_rng(1)
    reference = fit({"x": rng.normal(50, 5, size=2000)}, 2000, model="m")
    monkeypatch.setattr(finder, "changed", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR, "modeltap"):
        reported = alerts(reference, {"x": rng.normal(80, 5, size=500)})
    assert any("x: median went from" in metric.explanation for metric in reported)
    assert any("no findings" in record.message for record in caplog.records)
