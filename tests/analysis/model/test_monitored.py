"""At most `max_features` columns are features, the same in each window; the rest is reported."""

from __future__ import annotations

import csv
import json

import pytest

from command import lines, modeltap
from modeltap.analysis.model.monitored import choose_columns, list_notice, notice
from modeltap.analysis.references.fit import fit
from modeltap.rows import columns as columns_of
from stores import analyze, every, put, read

SAID = {"reference": "first 300 rows", "window": "100 rows", "multivariate": False}


def rotated(number, count, wide=30):
    """Return a row with its names in a different order for each row."""
    names = [f"c{(number + place) % wide:02d}" for place in range(wide)]
    return {name: (number * (place + 3)) % 17 for place, name in enumerate(names[:count])}


def features(store):
    """Return the features of each reference in a store, in the order of their making."""
    payloads = read(store, 'select payload from "references" order by created_at, rowid')
    return [
        [f["name"] for f in json.loads(row["payload"])["features"] if "of" not in f]
        for row in payloads
    ]


@pytest.mark.parametrize(
    ("most", "declared", "before", "chosen"),
    [
        (4, [], [], "abcd"),
        (3, [], [], "abc"),
        (2, ["d"], [], "ad"),
        (2, ["d", "c", "b"], [], "bc"),
        (2, [], ["d", "x"], "ad"),
        (2, ["b"], ["d", "c"], "bc"),
        (1, ["x"], ["y"], "a"),
    ],
)
def test_which_columns_are_chosen(most, declared, before, chosen):
    """Declared ones, then those of the previous reference, then the first; outputs do not count."""
    columns = {name: [1] for name in ("a", "prediction", "b", "c", "score", "d")}
    result, left = choose_columns(columns, most, declared=declared, before=before)
    assert [name for name in result if name not in ("prediction", "score")] == list(chosen)
    assert set(left) == set("abcd") - set(chosen) and {"prediction", "score"} <= set(result)
    assert list(result) == [name for name in columns if name in result]


def test_a_reference_with_all_columns_has_no_notice():
    assert notice(fit({"x": [1, 2]}, 2, model="m")) is None


@pytest.mark.parametrize(
    ("columns", "output"),
    [
        ({"x.0": [1, 2], "x.1": [3, 4]}, "'x' is 2 features, one for each number of the list"),
        ({"a.0": [1, 2], "b.c.0": [3, 4]}, "'a' is 1 features"),
        ({"x.1": [1, 2], "x.2": [3, 4]}, None),
        ({"x": [1, 2], "0": [3, 4]}, None),
    ],
)
def test_lists_with_a_feature_per_place_are_named(columns, output):
    """With the setting for a list that is one vector."""
    result = list_notice(fit(columns, 2, model="m"))
    assert result is None if output is None else output in result
    assert result is None or 'type = "vector" in [models.m.features.' in result


def test_windows_have_the_features_of_the_reference(store):
    """Rows with names in any order; new rows add neither a feature nor a new field."""
    put(store, every(1, 900), [rotated(n, 30) for n in range(900)])
    analyze(store, {**SAID, "max_features": 10})
    chosen, *later = (set(names) - {"prediction"} for names in features(store))
    assert len(chosen) == 10 and all(names == chosen for names in later)
    metrics = read(store, "select distinct feature from metrics where feature is not null")
    assert {row["feature"] for row in metrics} - {"prediction"} == chosen
    changes = read(store, "select value from metrics where metric = 'schema_change'")
    assert len(changes) >= 3 and {row["value"] for row in changes} == {0.0}


def test_a_new_reference_monitors_what_the_old_one_did(store):
    """Even if other names come first in its rows; a declared column is always included."""
    output = {**SAID, "max_features": 5}
    put(store, every(1, 600), [rotated(n, 30) for n in range(600)])
    analyze(store, output)
    late = [rotated(n + 13, 30) for n in range(600)]
    put(store, every(1, 600, first=600), late, prefix="late")
    analyze(store, output)
    (before,) = {frozenset(names) for names in features(store)}
    (store.parent / "modeltap.toml").write_text(
        'max_features = 5\nwindow = "100 rows"\n[features.c29]\ntype = "numeric"\n'
    )
    modeltap("reference", "set", "--model", "m", "--rows", 100, "--store", store)
    now = set(features(store)[-1])
    assert "c29" in now and len(now & before) == 5 and len(now - {"prediction"}) == 5


def test_a_new_field_beyond_the_limit_is_a_schema_change(store):
    put(store, every(1, 500), [rotated(n, 30) for n in range(500)])
    late = [{**rotated(n, 30), "brand_new": n} for n in range(200)]
    put(store, every(1, 200, first=500), late, prefix="late")
    analyze(store, {**SAID, "max_features": 10})
    (change,) = read(
        store,
        "select max(value) as fields, explanation from metrics where metric = 'schema_change'",
    )
    assert change["fields"] == 1.0 and "brand_new" in change["explanation"]


def test_a_reference_of_a_file_is_bounded_too(store, tmp_path):
    path = tmp_path / "train.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{n:02d}" for n in range(30)])
        writer.writerows([[(n * k) % 11 for k in range(30)] for n in range(200)])
    put(store, every(1, 200), [rotated(n, 30) for n in range(200)])
    (tmp_path / "modeltap.toml").write_text("[models.m]\nmax_features = 7\n")
    output = modeltap("reference", "set", "--model", "m", "--file", path, "--store", store)
    assert "23 of 30 columns are not monitored" in output
    assert features(store) == [[f"c{n:02d}" for n in range(7)]]


def test_doctor_and_status_report_unmonitored_columns(store, tmp_path):
    """With the count, some names, and the option that raises the limit."""
    rows = [{**rotated(n, 30), "c\x1b[31m": 1} for n in range(500)]
    put(store, every(1, 500), rows)
    analyze(store, {**SAID, "max_features": 29})
    output = modeltap("doctor", "--store", store)
    assert "note features: m: c29 is not tested: beyond max_features = 29" in output
    assert "note features: m: c\\x1b[31m is not tested: beyond max_features = 29" in output
    assert "set max_features = 31, or declare important ones" in output
    assert "\x1b" not in output
    assert "2 of 31 columns not tested" in modeltap("status", "--store", store)
    (row,) = lines(modeltap("status", "--store", store, "--json"))
    assert row["columns_not_monitored"] == 2
    (row,) = lines(modeltap("reference", "show", "--store", store, "--json"))
    assert row["columns_not_monitored"] == 2


def test_by_default_a_thousand_columns_are_features(store):
    rows = [{f"c{k}": (n * k) % 7 for k in range(1200)} for n in range(220)]
    assert len(columns_of(rows)) == 1200
    put(store, every(1, 220), rows)
    analyze(store, {**SAID, "reference": "first 100 rows"})
    assert len([name for name in features(store)[-1] if name != "prediction"]) == 1000
