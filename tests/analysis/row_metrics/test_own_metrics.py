"""Metrics of the user's own: from modeltap.toml to the report, the alert, and errors."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from command import lines, modeltap
from modeltap import hookimpl
from modeltap.analysis.row_metrics import own_metrics as module
from modeltap.config import sources
from modeltap.plugins import hooks
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from stores import every, put, read

DAY = 300

SHOP = """
def profit(row):
    amount = row["features"]["amount"]
    return amount if row["prediction"] == row["label"] else -2 * amount

def broken(row):
    return row["features"]["price"]

def text(row):
    return "a lot"

def leaves(row):
    raise SystemExit(3)

def half(row):
    return 1.0 if row["features"]["amount"] > 5 else None
"""

SETTINGS = """
[models.m]
window = "1d"
reference = "first 600 rows"
multivariate = false

[[models.m.metrics]]
name = "profit"
function = "shop_of_{name}:profit"
target = 3.0

[[models.m.metrics]]
name = "broken"
function = "shop_of_{name}:broken"

[[models.m.metrics]]
name = "told"
function = "shop_of_{name}:text"

[[models.m.metrics]]
name = "left"
function = "shop_of_{name}:leaves"

[[models.m.metrics]]
name = "absent"
function = "nowhere_at_all:f"

[[models.m.metrics]]
name = "some"
function = "shop_of_{name}:half"

[[rules]]
metric = "some"
below = 2.0
name = "ones"
"""


@pytest.fixture
def shop(tmp_path, monkeypatch, store):
    """A folder with settings and functions, and four days; on the last two the model is wrong."""
    name = "".join(filter(str.isalnum, tmp_path.name))
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"shop_of_{name}.py").write_text(SHOP)
    (tmp_path / "modeltap.toml").write_text(SETTINGS.format(name=name))
    for day in range(6):
        rng = np.random.default_rng(day)
        labels = rng.integers(2, size=DAY)
        right = rng.random(DAY) < (0.95 if day < 4 else 0.6)
        rows = [{"amount": round(float(own), 2)} for own in rng.uniform(2, 8, DAY)]
        answers = np.where(right, labels, 1 - labels).tolist()
        responses = [json.dumps({"prediction": answer}) for answer in answers]
        put(store, every(4, DAY, first=day * 1440), rows, prefix=f"d{day}-", responses=responses)
        with closing(connect(store)) as connection, writing(connection):
            own = [(f"d{day}-{n}", 0, int(label)) for n, label in enumerate(labels)]
            insert_labels(connection, own, source="test")
    modeltap("analyze", "--store", store, "--open", "--no-deliver")
    return store


def test_a_missed_target_alerts_and_errors_are_one_line(shop):
    """Errors of one function do not affect the others."""
    rows = {row["metric"]: row for row in lines(modeltap("performance", "--store", shop, "--json"))}
    profit = rows["profit"]
    assert profit["verdict"] == "alert" and profit["value"] < 3 and profit["threshold"] == 3
    assert profit["low"] < profit["value"] < profit["high"] and profit["rows"] == DAY
    assert "below its target 3; chance of this" in profit["explanation"]
    assert "KeyError: 'price' (in exchange d5-" in rows["broken"]["explanation"]
    assert "returned 'a lot', a str; return a finite number" in rows["told"]["explanation"]
    assert "SystemExit: 3" in rows["left"]["explanation"]
    assert "cannot import nowhere_at_all: No module named" in rows["absent"]["explanation"]
    for name in ("broken", "told", "left", "absent"):
        assert rows[name]["verdict"] == "not_comparable" and rows[name]["value"] is None
    assert rows["accuracy"]["verdict"] == "alert"
    assert rows["some"]["value"] == 1.0 and 100 < rows["some"]["rows"] < DAY
    query = "select verdict from metrics where metric = 'profit' order by window_start"
    assert [row["verdict"] for row in read(shop, query)][2:] == ["ok", "ok", "alert", "alert"]
    alerts = read(shop, "select * from alerts where metric in ('profit', 'some')")
    assert {(alert["metric"], alert["rule"]) for alert in alerts} == {
        ("profit", "performance"),
        ("some", "custom"),
    }
    shown = lines(modeltap("metrics", "--store", shop, "--metric", "profit", "--json"))
    assert len(shown) == 6
    assert "broken" in modeltap("doctor", "--store", shop)
    own = "select window_start, value, verdict from metrics where metric = 'profit' order by 1"
    before = read(shop, own)
    modeltap("analyze", "--store", shop, "--open", "--no-deliver", "--again")
    assert read(shop, own) == before


class Ranking:
    """A plugin with a metric of ranked lists, and metrics that cannot be used."""

    @hookimpl
    def measure(self, model, rows):
        values = [1 / (1 + row["prediction"].index(row["label"])) for row in rows]
        return {"reciprocal_rank": values, "mae": values, "short": values[:-1]}


def test_a_plugin_measures_rows(store, monkeypatch, caplog):
    """Its names must be new, and its values one for each row."""
    assert hooks("metrics").measure.get_hookimpls() == []
    rows = [{"prediction": ["a", "b"], "label": "ab"[n % 2], "id": str(n)} for n in range(200)]
    monkeypatch.setattr(module, "labelled_documents", lambda *_: rows)

    class Measure:
        def get_hookimpls(self):
            return [1]

        def __call__(self, **arguments):
            return [Ranking().measure(**arguments)]

    monkeypatch.setattr(module, "hooks", lambda _: type("Relay", (), {"measure": Measure()}))
    (metric,) = module.own_metrics(None, sources.load(environ={}), "m", [], 0.009)
    assert (metric.metric, metric.value, metric.rows) == ("reciprocal_rank", 0.75, 200)
    assert caplog.text.count("ignored the metric") == 2
