"""Quality in a real store: each kind of fault is found, explained, and shown by exchange ids."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from stores import START, analyze, every, put, read

SAID = {"window": "1d", "reference": "first 2880 rows", "multivariate": False}
COUNT = 720
"""Rows a day: one every two minutes."""


def day(seed, count=COUNT):
    rng = np.random.default_rng(seed)
    return [
        {"x": round(float(x), 4), "n": int(n), "c": str(c), "ok": bool(b)}
        for x, n, c, b in zip(
            rng.normal(50, 10, count),
            rng.poisson(4, count),
            rng.choice(list("abc"), count),
            rng.random(count) < 0.3,
            strict=True,
        )
    ]


@pytest.fixture
def normal(store):
    """Four days that are the reference, and a fifth."""
    put(store, every(2, 5 * COUNT), [row for seed in range(5) for row in day(seed)])
    return store


def sixth(store, rows, said=None, at=5):
    put(store, every(2, len(rows), first=at * 24 * 60), rows, prefix=f"d{at}-")
    analyze(store, {**SAID, **(said or {})}, include_open=True)
    return {
        (alert["metric"], alert["feature"]): alert
        for alert in read(store, "select * from alerts where window_start >= '2024-01-05'")
    }


def changed(share, **values):
    """A day in which the first rows of every so many differ."""
    rows = day(9)
    for number in range(0, COUNT, round(1 / share)):
        rows[number].update(values)
    return rows


@pytest.mark.parametrize(
    ("rows", "metric", "feature", "words"),
    [
        (
            changed(0.1, x=None),
            "missing_rate",
            "x",
            "x: missing values went from 0 % to 10 % (72 of 720",
        ),
        (
            changed(0.1, x="12"),
            "type_mismatch_rate",
            "x",
            "x: values of the wrong type went from 0 %",
        ),
        (
            changed(0.05, c="new"),
            "unseen_rate",
            "c",
            "c: new categories went from 0 % to 5 %",
        ),
        (changed(0.1, ok="maybe"), "type_mismatch_rate", "ok", "ok: values of the wrong type went"),
        (changed(0.02, x=500.0), "drift", "x", "x: value 500 in 2"),
        (changed(0.1, x=500.0), "out_of_range_rate", "x", "x: value 500, outside "),
    ],
)
def test_faults_are_rates_with_examples(normal, rows, metric, feature, words):
    """The ids are of exchanges that show it."""
    found = sixth(normal, rows)
    alert = found[metric, feature]
    name, _, text = words.partition(": ")
    assert alert["summary"].startswith(f"m: {name}: ") and text in alert["summary"]
    ids = json.loads(alert["examples"])
    assert 0 < len(ids) <= 5
    (shown,) = read(normal, "select request_body from exchanges where id = ?", ids[0])
    value = json.loads(shown["request_body"])[feature]
    assert value in (None, "12", "new", "maybe", 500.0)


def test_values_far_out_are_one_alert(normal):
    """They are beyond the range, outliers, and a drift: all three have a verdict."""
    assert [name for name, feature in sixth(normal, changed(0.1, x=500.0)) if feature == "x"] == [
        "out_of_range_rate"
    ]
    verdicts = read(
        normal,
        "select metric from metrics where feature = 'x' and verdict = 'alert' "
        "and window_start >= '2024-01-06' order by 1",
    )
    assert [row["metric"] for row in verdicts] == ["drift", "out_of_range_rate", "outlier_rate"]


def test_a_quiet_day_has_no_alert(normal):
    """Nor any finding that is one in words."""
    assert sixth(normal, day(9)) == {}


def test_a_field_that_goes_and_one_that_comes(normal):
    """One alert names both; that the lost one is missing is the same fact."""
    rows = day(9)
    for row in rows:
        del row["n"]
        row["extra"] = 1
    found = sixth(normal, rows)
    assert set(found) == {("schema_change", None)}
    assert found["schema_change", None]["related"] == '["n"]'
    assert found["schema_change", None]["summary"] == (
        "m: fields changed: `n` is missing from all 720 rows; `extra` (in 100 % of rows) is new"
    )


def test_a_feed_that_stands_still(normal):
    """All rows have one value in the middle of its range: that it drifted needs no words."""
    rows = day(9)
    for row in rows:
        row["x"] = 50.25
    found = sixth(normal, rows)
    assert [name for name, feature in found if feature == "x"] == ["constant_feed"]
    assert "all 720 rows have the value '50.25'" in found["constant_feed", "x"]["summary"]


def test_rows_that_repeat(normal):
    """A client that sends each row four times; 'n' and 'c' alone repeat all day."""
    rows = [row for row in day(9, COUNT // 4) for _ in range(4)]
    found = sixth(normal, rows)
    assert set(found) == {("duplicate_rate", None)}
    assert "75 % of 720 rows repeat another row" in found["duplicate_rate", None]["summary"]


def test_a_pause_longer_than_any_before(normal):
    """Eight hours without a row; the reference never had more than two minutes."""
    put(normal, every(2, 240, first=5 * 1440), day(9)[:240], prefix="a")
    put(normal, every(2, 240, first=5 * 1440 + 960), day(10)[:240], prefix="b")
    analyze(normal, SAID, include_open=True)
    (alert,) = read(normal, "select * from alerts")
    assert alert["metric"] == "gap_seconds"
    assert "no rows for 8.03 h, from 2024-01-06 07:58 to 2024-01-06 16:00" in alert["summary"]


def test_a_reference_of_less_than_a_day_knows_of_no_night(store):
    """Half an hour of rows came every second; then nobody asked for an hour."""
    rows = [row for seed in range(4) for row in day(seed)][:2500]
    put(store, every(1 / 60, 2000), rows[:2000])
    put(store, every(1 / 60, 500, first=90), rows[2000:], prefix="later")
    analyze(store, {"window": "500 rows", "reference": "first 2000 rows"}, include_open=True)
    found = read(
        store,
        "select value, verdict from metrics where metric = 'gap_seconds' "
        "order by window_start desc limit 1",
    )
    assert (
        read(store, "select 1 from alerts where metric in ('gap_seconds', 'freshness_seconds')")
        == []
    )
    assert found[0]["verdict"] is None


def test_what_was_masked_is_no_value(store):
    """A column that is masked throughout is not a category; one that is so at times has its own."""
    rows = [{**row, "mail": "[masked]"} for seed in range(5) for row in day(seed)]
    for number, row in enumerate(rows):
        row["c"] = "[masked]" if number % 10 == 0 else row["c"]
    put(store, every(2, len(rows)), rows)
    analyze(store, SAID, include_open=True)
    (payload,) = read(store, 'select payload from "references"')
    features = {one["name"]: one for one in json.loads(payload["payload"])["features"]}
    assert features["mail"]["kind"] == "other"
    assert "[masked]" not in features["c"]["vocabulary"]


DECLARED = {
    "features": {
        "x": {"min": 0, "max": 120, "missing_values": [-200]},
        "c": {"allowed": ["a", "b", "c", "d"]},
        "n": {"type": "categorical", "required": True},
    }
}


def test_a_feed_that_stops_within_a_window(normal):
    """The pause lies after the window's last row, and so between no two of its own."""
    half = day(9)[: COUNT // 2]
    put(normal, every(2, len(half), first=5 * 24 * 60), half, prefix="half-")
    put(normal, every(2, 10, first=6 * 24 * 60), day(10)[:10], prefix="next-")
    analyze(normal, SAID)
    (alert,) = read(normal, "select * from alerts")
    assert (alert["rule"], alert["metric"]) == ("data_quality", "freshness_seconds")
    assert alert["value"] == 12 * 3600 + 120
    assert "no rows for 12 h, from 2024-01-06 11:58 to the end of the window" in alert["summary"]


def test_a_library_that_stumbles_costs_only_what_it_was_asked(normal, monkeypatch, caplog):
    """The columns' verdicts stand, and the log says what happened."""
    monkeypatch.setattr("modeltap.analysis.detectors.row_outliers.evaluate", lambda _: 1 / 0)
    found = sixth(normal, changed(0.1, x=None), {"multivariate": True})
    assert ("missing_rate", "x") in found
    assert "m: no metrics of row_outliers: the detector failed" in caplog.text
    assert read(normal, "select 1 from metrics where metric = 'multivariate_drift'")


def test_what_was_declared_impossible_is_news_at_once(store):
    """Three rows of 720; a code for missing is no number; what is allowed was not seen before."""
    put(store, every(2, 5 * COUNT), [row for seed in range(5) for row in day(seed)])
    rows = changed(0.004, x=121.0)
    for row in rows[1:200:2]:
        row["c"] = "d"
    rows[10]["n"] = rows[20]["n"] = None
    found = sixth(store, rows, DECLARED)
    assert ("out_of_range_rate", "x") in found and ("missing_rate", "n") in found
    words = found["out_of_range_rate", "x"]["summary"]
    assert "outside 0 to 120" in words and "the settings allow none" in words
    assert ("unseen_rate", "c") not in found
    rows = changed(0.05, x=-200)
    for row in rows[1:40:2]:
        row["c"] = "e"
    found = sixth(store, rows, DECLARED, at=6)
    assert found["missing_rate", "x"]["summary"].startswith(
        "m: x: missing values went from 0 % to 5 %"
    )
    assert "values not allowed went from 0 % to" in found["unseen_rate", "c"]["summary"]
    (row,) = read(store, 'select payload from "references"')
    kinds = {f["name"]: f["kind"] for f in json.loads(row["payload"])["features"]}
    assert kinds["n"] == "categorical" and kinds["ok"] == "boolean"


def test_a_likely_code_for_missing_is_pointed_out(store):
    """-999 in 3 % of the reference's rows, far from all others, and nobody declared it."""
    rows = [row for seed in range(5) for row in day(seed)]
    for row in rows[::33]:
        row["x"] = -999.0
    put(store, every(2, len(rows)), rows)
    analyze(store, SAID)
    (row,) = read(store, 'select payload from "references"')
    features = {f["name"]: f for f in json.loads(row["payload"])["features"]}
    assert features["x"]["sentinel"] == -999.0
    assert "sentinel" not in features["n"]


@pytest.mark.slow
def test_texts_vectors_and_times_are_judged_by_what_is_measured_on_them(store):
    """A new topic, another direction, stale times: each is found under its own name."""
    rng = np.random.default_rng(1)
    topics = ["my parcel is late again", "the size is wrong for me", "the lid came broken"]

    def rows(count, first, topic=None, turn=0.0, age=60.0):
        moments = every(2, count, first=first)
        out = []
        for number in range(count):
            vector = rng.normal([1, 1, 1, 1], 0.5)
            vector[0] -= turn
            text = f"{topics[rng.integers(3)]} {rng.choice(['please', 'today', 'thanks'])}"
            if topic is not None and number % 2:
                text = f"{topic} {rng.integers(100)}"
            when = moments[number].timestamp() - age - float(rng.exponential(30))
            out.append(
                {
                    "t": text,
                    "v": [round(float(v), 4) for v in vector],
                    "at": START.fromtimestamp(when, START.tzinfo).isoformat(),
                }
            )
        return moments, out

    declared = {
        **SAID,
        "multivariate": True,
        "features": {
            "t": {"type": "text"},
            "v": {"type": "vector"},  # otherwise so short a list is four columns
            "at": {"type": "datetime"},  # otherwise a column that always rises is not compared
        },
    }
    put(store, *rows(5 * COUNT, 0))
    analyze(store, declared)
    assert read(store, "select 1 from alerts") == []
    put(store, *rows(COUNT, 5 * 1440, "an invoice with a strange number", 2.0, 7200.0), prefix="b")
    analyze(store, declared, include_open=True)
    found = {(a["metric"], a["feature"]): a for a in read(store, "select * from alerts")}
    wanted = ("t", "v", "t.words", "t.out_of_vocabulary", "v.cosine_distance", "at.age_seconds")
    assert {("drift", feature) for feature in wanted} <= set(found)
    assert "fraction of texts with" in found["drift", "t.words"]["summary"]
    assert "vectors differ from the reference's" in found["drift", "v"]["summary"]
    rows = read(
        store,
        "select value from metrics where metric = 'cosine_distance' "
        "order by window_start desc limit 1",
    )
    assert rows[0]["value"] > 0.2


def test_a_correlation_that_broke_is_found_by_rows_alone(store):
    """Each column is as ever; together they are not."""
    rng = np.random.default_rng(2)

    def rows(count, rho):
        a, e, other = rng.normal(size=(3, count))
        b = rho * a + np.sqrt(1 - rho**2) * e
        return [
            {"a": float(x), "b": float(y), "c": float(z)}
            for x, y, z in zip(a, b, other, strict=True)
        ]

    said = {**SAID, "multivariate": True}
    put(store, every(2, 5 * COUNT), rows(5 * COUNT, 0.9))
    analyze(store, said)
    put(store, every(2, COUNT, first=5 * 1440), rows(COUNT, 0.0), prefix="b")
    analyze(store, said, include_open=True)
    found = read(store, "select metric, feature, summary from alerts order by metric")
    assert (found[0]["metric"], found[0]["feature"]) == ("multivariate_drift", None)
    assert re.search(r", mainly of (a and b|b and a) \(classifier AUC", found[0]["summary"])
    assert {a["metric"] for a in found} <= {"multivariate_drift", "row_outlier_rate"}


def test_a_persons_rows_are_erased_from_the_reference_too(store):
    """The sample is kept row by row, by exchange id."""
    from modeltap.privacy.erase import erase
    from modeltap.store.connection import connect
    from modeltap.store.retention import ExchangeKey

    put(store, every(2, 3000), [row for seed in range(5) for row in day(seed)][:3000])
    analyze(store, SAID)
    before = read(store, "select count(*) as n from reference_rows")[0]["n"]
    rows = read(store, 'select rows from "references"')[0]["rows"]
    assert before == rows > 2000, "a window is compared with those of its hours"
    (one,) = read(
        store,
        "select seq, id from exchanges where id = (select exchange_id from reference_rows limit 1)",
    )
    connection = connect(store)
    erase(connection, [ExchangeKey(one["seq"], one["id"])])
    connection.close()
    assert read(store, "select count(*) as n from reference_rows")[0]["n"] == before - 1
