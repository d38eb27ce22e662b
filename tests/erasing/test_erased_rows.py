"""Rows are found by their columns; a person's own values are those that no other row has."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.config.settings import Settings
from modeltap.erasing.erased_rows import ModelRows
from modeltap.privacy.erase import Subject
from modeltap.store.connection import connect
from modeltap.store.retention import ExchangeKey
from stores import every, put


@pytest.fixture
def model_rows(store):
    def rows(documents, texts=()):
        put(store, every(5, len(documents)), documents)
        connections.append(connect(store))
        return ModelRows(connections[-1], "m", Settings(), texts)

    connections = []
    yield rows
    for connection in connections:
        connection.close()


TABLES = [
    {"dataframe_split": {"columns": ["user", "x"], "data": [["bob", 1], ["ann", 2]]}},
    {"inputs": [{"name": "user", "shape": [2], "datatype": "BYTES", "data": ["bob", "ann"]}]},
    {"instances": [{"user": "bob", "x": 1}, {"user": "ann", "x": 2}]},
]


@pytest.mark.parametrize("body", TABLES, ids=lambda body: "-".join(body))
def test_rows_of_tables_are_found_by_their_columns(model_rows, body):
    """Their names are separate from the values, so that a search for a field misses them."""
    others = [json.loads(json.dumps(body).replace("ann", "cy"))]
    matches = model_rows([body, *others]).matching([Subject("user", "ann")])
    assert set(matches) == {ExchangeKey(1, "r0")}


def test_own_values_are_those_that_no_other_row_has(model_rows):
    """Numbers, categories, words of texts; a value of two rows is counted twice."""
    documents = [
        {"user": "ann", "income": 1234567.25, "plan": "gold", "said": "My name is Ann"},
        {"user": "ann", "income": 1234567.25, "plan": "teal", "age": 31},
        {"user": "bob", "income": 3, "plan": "gold", "said": "my name is bob", "age": True},
    ]
    own = model_rows(documents, texts={"said"}).own_values({"r0", "r1"})
    assert own["user"].words == {"ann": 2}
    assert own["income"].numbers == {1234567.25: 2}
    assert own["plan"].words == {"teal": 1}
    assert own["said"].words == {"ann": 1}
    assert own["age"].numbers == {31.0: 1} and own["age"].words == {"31": 1}


def test_words_of_a_named_text_are_its_own_unless_others_use_them(model_rows):
    """Retention may have deleted the rows that it was in."""
    rows = model_rows([{"said": "My name is Bob"}], texts={"said", "other"})
    own = rows.own_values(set(), [Subject("said", "my name is Ann-7f3e")])
    assert "other" not in own and set(own["said"].words) == {"ann", "7f3e"}


def test_nothing_is_read_without_erased_exchanges(model_rows):
    assert model_rows([{"user": "ann"}]).own_values(set()) == {}


def test_labels_are_own_values_of_the_prediction(store, model_rows):
    rows = model_rows([{"x": 1}, {"x": 2}])
    with closing(connect(store)) as connection:
        connection.execute(
            "insert into labels (exchange_id, value, received_at) values ('r0', 'ann wins', '')"
        )
    assert rows.own_values({"r0"})["prediction"].words == {"ann wins": 1}
