"""Tables in requests: frames and columns, alone and beside other members of the call."""

from __future__ import annotations

import json
from itertools import product

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap_protocols._shared.json_rows import only_row

ROWS = [{"a": 1.5, "b": "x"}, {"a": 2.5, "b": "y"}, {"a": 3.5, "b": "x"}]


def table(rows, names="columns", values="data", **more):
    return {names: ["a", "b"], values: [[row["a"], row["b"]] for row in rows], **more}


def by_column(rows):
    return {name: [row[name] for row in rows] for name in ("a", "b")}


def by_index(rows):
    return {name: {str(at): row[name] for at, row in enumerate(rows)} for name in ("a", "b")}


NAMES = ("inputs", "data", "input_data", "input", "features", "instances", "dataframe", "frame")
TABLES = {
    "pandas": lambda rows: table(rows),
    "pandas with index": lambda rows: table(rows, index=[row["a"] for row in rows]),
    "Watson": lambda rows: [table(rows, "fields", "values")],
    "Seldon": lambda rows: table(rows, "names", "ndarray"),
    "Azure": lambda rows: table(rows, "ColumnNames", "Values"),
    "scikit-learn": lambda rows: table(rows, "feature_names", "features"),
    "CSV": lambda rows: table(rows, "header", "rows"),
    "columns": by_column,
    "columns by index": by_index,
}
OTHERS = {
    "alone": {},
    "metadata": {"meta": {}},
    "filled metadata": {"meta": {"tags": {"k": "v"}}},
    "parameters": {"parameters": {"threshold": 0.5}},
    "MLflow's parameters": {"params": {"threshold": 0.5, "classes": ["u", "v"]}},
    "model and id": {"model": "m", "id": "r-1"},
    "number": {"k": 3},
    "list": {"tags": ["p", "q", "r", "s"]},
    "null": {"context": None},
}
RESPONSES = {
    "predictions": lambda values: {"predictions": values},
    "list": lambda values: values,
    "objects": lambda values: {"results": [{"label": value, "score": 0.5} for value in values]},
    "Watson": lambda values: {
        "predictions": [{"fields": ["prediction"], "values": [[value] for value in values]}]
    },
}


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("form", TABLES)
def test_a_table_has_its_rows_beside_any_other_members(form, others):
    """Under each common name, of one row or several, with one prediction for each row."""
    for name, count, response in product(NAMES, (1, 2, 3), RESPONSES):
        values = [7, 8, 9][:count]
        request = {name: TABLES[form](ROWS[:count]), **OTHERS[others]}
        decoded = decoded_as(request, RESPONSES[response](values))
        rows = [{key: row.get(key) for key in ("a", "b")} for row in decoded.rows]
        assert (rows, decoded.predictions) == (ROWS[:count], values), request


@pytest.mark.parametrize("names", ["columns", "feature_names", "featureNames", "header", "fields"])
@pytest.mark.parametrize("values", ["data", "values", "rows", "instances", "inputs"])
def test_names_and_values_of_a_request_are_a_table(names, values):
    for count in (1, 2, 3):
        decoded = decoded_as(table(ROWS[:count], names, values, model="m"), [7, 8, 9][:count])
        assert (decoded.rows, decoded.predictions) == (ROWS[:count], [7, 8, 9][:count])


@pytest.mark.parametrize("name", ["user", "history", "x_stats"])
def test_lists_in_a_group_are_columns_only_if_the_response_has_as_many_values(name):
    request = {name: {"clicks": [1, 2], "views": [3, 4]}, "k": 5}
    assert decoded_as(request, {"price": 7.5}).rows == [request]
    assert decoded_as(request, [7.5, 8.5]).rows == [
        {"clicks": 1, "views": 3, "k": 5},
        {"clicks": 2, "views": 4, "k": 5},
    ]


@pytest.mark.parametrize("name", ["rows", "items", "instances", "data"])
def test_a_row_keeps_its_own_values(name):
    """A member of the call, such as its id, does not replace a row's member of the same name."""
    request = {
        name: [{"id": 1, "model": "Golf"}, {"id": 2, "model": "Polo"}],
        "id": "r",
        "model": "m",
    }
    rows = decoded_as(request, [7, 8]).rows
    assert [(row["id"], row["model"]) for row in rows] == [(1, "Golf"), (2, "Polo")]


@pytest.mark.parametrize("is_single", [True, False])
@pytest.mark.parametrize("others", [name for name in OTHERS if name != "alone"])
@pytest.mark.parametrize("form", TABLES)
def test_a_table_is_left_to_the_decoder_of_single_exchanges(form, others, is_single):
    for name in NAMES:
        request = {name: TABLES[form](ROWS[:2]), **OTHERS[others]}
        assert only_row(request, is_single=is_single) is None, request


@pytest.mark.parametrize("request_", [{"a": 1.5, "b": "x"}, [{"a": 1.5, "b": "x"}], {"a": [1.5]}])
def test_json_with_the_type_of_a_form_is_json(request_):
    """As curl sends it, if no type is given."""
    form = "application/x-www-form-urlencoded"
    decoded = Decoders().decode(Payload("/score", None, 200, json.dumps(request_), "7.5", form))
    row = decoded_as(request_, 7.5).rows
    assert (decoded.rows, decoded.predictions) == (row, [7.5])


def decoded_as(request, response):
    bodies = (json.dumps(body) for body in (request, response))
    return Decoders().decode(Payload("/score", None, 200, *bodies, "application/json"))
