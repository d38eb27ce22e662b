"""Views of models' rows: the values of decoded rows, under names that SQLite can distinguish."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

import modeltap
from modeltap.export import row_views as row_view_module
from modeltap.export.row_views import column_names, row_views, view_names
from modeltap.jobs.view_updates import update_store_views
from modeltap.store.connection import connect
from modeltap.store.settings import SettingsReader
from row_view_fixtures import make_views
from stores import analyze, every, put

OWN = ("seq", "id", "row", "model", "prediction", "score", "label", "request", "response")


def rows_of(store, view):
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        quoted = view.replace('"', '""')
        return connection.execute(f'select * from "{quoted}" order by seq, row').fetchall()


FORMS = {
    "objects": [{"x": 1.5, "color": "red", "on": True, "none": None}, {"x": 2.5, "color": "blue"}],
    "nested": [{"person": {"age": 40, "home": {"city": "Rome"}}, "x": 1}],
    "list of objects": [[{"x": 1, "c": "a"}, {"x": 2, "c": "b"}]],
    "instances": [{"instances": [{"x": 1, "c": "a"}, {"x": 2, "c": "b"}]}],
    "columns": [{"x": [1, 2], "c": ["a", "b"]}],
    "inputs": [{"inputs": {"x": 1, "c": "a"}}],
    "odd names": [{'say "hi"': 1, "größe": 2, "🙂": 3, "a/b": 4, "it's": 5, "a.b": 6}],
    "numbers": [{"x": [1.5, 2.5, 3.5]}],
}


@pytest.mark.parametrize("form", FORMS)
def test_columns_are_what_decoding_returns(form, store):
    """For each feature that the view has, in each row; and it has them all."""
    bodies = FORMS[form]
    counts = [
        len(body)
        if isinstance(body, list)
        else len(body["instances"])
        if "instances" in body
        else 2
        if form == "columns"
        else 1
        for body in bodies
    ]
    responses = [
        json.dumps({"predictions": [1.0 + n for n in range(count)]})
        if count > 1
        else json.dumps({"prediction": 1.0})
        for count in counts
    ]
    put(store, every(60, len(bodies)), bodies, responses=responses)
    make_views(store)
    found = rows_of(store, "v_rows_m")
    decoded = modeltap.read(store)
    assert len(found) == len(decoded["id"]) == sum(counts)
    names = set(decoded) - {"started_at", "event_time", *OWN, "version", "probabilities"}
    assert names
    for name in names:
        if all(value is None for value in decoded[name]):
            continue
        for position, row in enumerate(found):
            value = decoded[name][position]
            if isinstance(value, str) and value.startswith("["):
                parts = json.loads(value)
                assert [row[f"{name}.{place}"] for place in range(len(parts))] == parts
                continue
            missing = value is None or value != value
            assert row[name] == (None if missing else value), name


def test_exchanges_that_are_not_counted_yet_do_not_matter(store):
    """An app in use has recorded more since the pass began."""
    put(store, every(60, 3), [{"x": 1}, {"x": 2}, {"x": 3}])
    analyze(store, {})
    put(store, every(60, 100, 1000), [{"x": 4}] * 100, prefix="later")
    with closing(connect(store)) as connection:
        update_store_views(store, connection, SettingsReader(connection))
    assert [row["x"] for row in rows_of(store, "v_rows_m")] == [1, 2, 3]


def test_the_newest_rows_of_a_model_need_no_sorting(store):
    """By event time, and in a period."""
    put(store, every(60, 3), [{"x": 1}, {"x": 2}, {"x": 3}])
    make_views(store)
    with closing(sqlite3.connect(store)) as connection:
        for rest in (
            "order by event_time desc limit 2",
            "where event_time >= '2024' order by event_time",
            "where id = 'r1'",
        ):
            plan = connection.execute(f"explain query plan select * from v_rows_m {rest}")
            steps = [row[3] for row in plan]
            assert not [s for s in steps if s.startswith("SCAN") or "TEMP B-TREE" in s], steps


def test_a_body_of_another_form_has_nulls(store):
    """Also one that is no JSON, or broken; the query does not fail."""
    bodies = [{"x": 1}] * 5
    put(store, every(60, 5), bodies)
    make_views(store)
    with closing(connect(store)) as connection:
        for seq, body in enumerate([b"\x00", "no JSON", '{"x": NaN}', '{"x": [{}]}', None], 1):
            connection.execute("update exchanges set request_body = ? where seq = ?", (body, seq))
    assert [row["x"] for row in rows_of(store, "v_rows_m")] == [None, None, None, "[{}]", None]


def test_a_view_is_made_again_only_if_the_reference_or_a_version_changes(store):
    """Each change makes all connections read the schema again."""
    put(store, every(60, 3), [{"x": 1}] * 3)
    first = make_views(store)
    with closing(connect(store)) as connection:
        settings = SettingsReader(connection)
        version = "pragma schema_version"
        before = connection.execute(version).fetchone()[0]
        update_store_views(store, connection, settings)
        assert connection.execute(version).fetchone()[0] == before
        connection.execute("insert into models (model, version) values ('m', '2')")
        assert row_views(connection, settings, first)["v_rows_m"] != first["v_rows_m"]


def test_a_view_that_gets_another_models_name_is_made_again(store):
    """A model whose name needs no change has the first claim to it."""
    put(store, every(60, 2), [{"x": 1}] * 2, model="my model")
    first = make_views(store)
    put(store, every(60, 2), [{"x": 2}] * 2, model="my_model", prefix="other")
    second = make_views(store)
    assert "my model" in first["v_rows_my_model"] and "my_model'" in second["v_rows_my_model"]
    assert [row["x"] for row in rows_of(store, "v_rows_my_model")] == [2, 2]


@pytest.mark.parametrize(
    "body",
    [
        "[" * 5000 + "]" * 5000,
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"x": 1e999}',
    ],
    ids=["deep list", "deep object", "infinite"],
)
def test_hostile_bodies_do_no_harm(body, store):
    """The pass goes on, and the view answers."""
    put(store, every(60, 3), [{"x": 1}] * 3)
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set request_body = ? where seq = 2", (body,))
    make_views(store)
    assert {row["x"] for row in rows_of(store, "v_rows_m")} >= {1}


def test_a_model_without_rows_has_no_view(store):
    """It gets one once it has rows."""
    with closing(connect(store)) as connection:
        connection.execute("insert into models (model, version) values ('m', '')")
        assert row_views(connection, SettingsReader(connection), {}) == {}


@pytest.mark.parametrize(
    "model",
    [
        'say "hi"',
        "it's",
        "a/b\\c",
        "🙂",
        "größe",
        "x" * 500,
        "'; drop table exchanges; --",
        "%",
        " ",
    ],
)
def test_any_model_has_a_view(model, store):
    """Its name is a plain word, or one in quotes."""
    put(store, every(60, 2), [{"x": 1}, {"x": 2}], model=model)
    views = make_views(store)
    (name,) = [name for name in views if name.startswith("v_rows_")]
    assert re.fullmatch(r"v_rows_\w+", name) and len(name) < 80
    assert [(row["model"], row["x"]) for row in rows_of(store, name)] == [(model, 1), (model, 2)]


def test_models_with_like_names_have_different_views():
    """Also if only the case of letters or signs differ."""
    models = ["Flights", "flights", "flights!", "flights-", "_flights", "🙂", "🙃", "", "v" * 200]
    names = view_names(models)
    assert set(names) == set(models)
    assert len({name.lower() for name in names.values()}) == len(models)


def test_a_model_with_two_thousand_features_has_a_view(store):
    """With as many columns as fit, and all of them in `request`."""
    rows = [
        {f'feature "{n}"' if n % 2 else f"feature {n}": n + r for n in range(2000)} for r in (1, 2)
    ]
    put(store, every(60, 2), rows)
    make_views(store)
    found = rows_of(store, "v_rows_m")
    assert 1500 < len(found[0].keys()) < 2000
    assert found[1]["feature 0"] == 2 and found[1]['feature "1"'] == 3
    assert json.loads(found[0]["request"]) == rows[0]


def test_views_have_a_bounded_number_of_columns_together(store, monkeypatch):
    """Further models are in `v_rows` only."""
    monkeypatch.setattr(row_view_module, "_MAX_COLUMNS", 3)
    for model in "abc":
        bodies = [{"x": 1, "y": 2, "z": 3}]
        put(store, every(60, 1), bodies, model=model, prefix=model)
    views = make_views(store)
    assert "v_rows_a" in views and "v_rows_c" not in views and "v_rows" in views


def test_columns_are_told_apart():
    """SQLite ignores the case of ASCII letters in names."""
    features = ["x", "X", "id", "Request", "feature.X", "label", "", "été", "Été"]
    names = column_names(features)
    lower = [name.lower() for name in names.values()]
    assert len(set(lower)) == len(features) and not {"id", "request", "label", ""} & set(lower)
    assert names["x"] == "x" and names["été"] == "été"


def test_features_with_like_names_are_columns(store):
    """With the values of each."""
    put(store, every(60, 1), [{"x": 1, "X": 2, "ID": 3, "label": 4, "model": "m5"}])
    make_views(store)
    row = rows_of(store, "v_rows_m")[0]
    assert (row["x"], row["feature.X"], row["feature.ID"]) == (1, 2, 3)
    assert row["model"] == "m" and row["feature.model"] == "m5" and row["label"] is None
