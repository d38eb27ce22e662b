"""The page for Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.dropped import record_dropped
from stores import analyze, every, put

parser = pytest.importorskip("prometheus_client.parser", reason="pip install prometheus-client")


def families(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        family.name: {tuple(sorted(s.labels.items())): s.value for s in family.samples}
        for family in parser.text_string_to_metric_families(answer.text)
    }


def test_facts_of_the_store(pages, files):
    found = families(pages)
    with closing(connect(files / "cli.db")) as connection:
        (mae,) = connection.execute(
            "select value from metrics where metric = 'mae' and segment is null "
            "order by window_end desc limit 1"
        ).fetchone()
        rules = dict(
            connection.execute(
                "select rule, count(*) from alerts where state = 'firing' group by rule"
            ).fetchall()
        )
    of = {"model": "m", "version": "", "environment": ""}
    assert found["modeltap_mae"][tuple(sorted(of.items()))] == mae
    firing = {
        dict(labels)["rule"]: value for labels, value in found["modeltap_alerts_firing"].items()
    }
    assert firing == rules
    assert {dict(labels)["feature"] for labels in found["modeltap_drift"]} >= {"amount", "color"}


@pytest.mark.parametrize("name", ['a"b', "a\\b", "two\nlines", "{x}", "\x1b[2J", "🛫"])
def test_any_name_can_be_parsed(browse, tmp_path, name):
    """A model of that name, a feature of it, and a reason of a loss."""
    store = tmp_path / "taps.db"
    put(store, every(1, 20), [{name: 1} for _ in range(20)], model=name)
    analyze(store, {})
    with closing(connect(store)) as connection:
        record_dropped(connection, name, "h", 1, {"queue_full": 3})
    found = families(browse(store))
    assert list(found["modeltap_requests"].values()) == [20.0]
    assert list(found["modeltap_dropped"].values()) == [3.0]
    assert list(found["modeltap_captured"].values()) == [20.0]


def test_each_family_has_a_help_a_type_and_its_series_once(pages):
    text = pages.get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    series = [line.rpartition(" ")[0] for line in lines]
    assert len(set(series)) == len(series)
    parsed = list(parser.text_string_to_metric_families(text))
    assert all(family.documentation and family.type in ("counter", "gauge") for family in parsed)
    assert len({family.name for family in parsed}) == len(parsed)


def test_an_empty_or_missing_store(browse, tmp_path):
    connect(tmp_path / "taps.db").close()
    found = families(browse(tmp_path / "taps.db"))
    assert found["modeltap_requests"] == {} and found["modeltap_captured"] == {(): 0.0}
    assert browse(tmp_path / "none.db").get("/metrics").status_code == 503
