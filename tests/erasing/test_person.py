"""Erasure of a person: by several values, from tables, and from rows deleted before."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.config.settings import Settings
from modeltap.erasing.person import Person
from modeltap.errors import InputError
from modeltap.privacy.erase import Subject
from modeltap.store.connection import connect
from stores import analyze, every, put, read

ANN = "ann-7f3e"
TABLES = [
    {"dataframe_split": {"columns": ["user", "x"], "data": [["bob", 1], [ANN, 2]]}},
    {"inputs": {"user": ["bob", ANN], "x": [1, 2]}},
    {"inputs": [{"name": "user", "shape": [2], "datatype": "BYTES", "data": ["bob", ANN]}]},
    {"instances": [{"user": "bob", "x": 1}, {"user": ANN, "x": 2}]},
]


def erase(store, *wheres):
    with closing(connect(store)) as connection:
        subjects = [Subject.parse(where) for where in wheres]
        person = Person(connection, "m", Settings(), subjects)
        exchanges = person.exchanges()
        return len(exchanges), person.erase(exchanges)


def test_several_values_are_one_person(store):
    """An exchange with any of them is the person's; in the rest, the values are erased."""
    rows = [{"user": ANN}, {"mail": "ann@example.org"}, {"user": "bob", "mail": "bob@example.org"}]
    put(store, every(5, 3), rows)
    assert erase(store, f"user={ANN}", "mail=ann@example.org") == (2, [])
    assert b"ann" not in store.read_bytes().replace(b"annot", b"")


@pytest.mark.parametrize("body", TABLES, ids=range(len(TABLES)))
def test_rows_of_tables_are_a_persons(store, body):
    """Names are next to the values, or around them."""
    others = json.loads(json.dumps(body).replace(ANN, "cy"))
    put(store, every(5, 2), [body, others])
    assert erase(store, f"user={ANN}") == (1, [])
    assert [row["id"] for row in read(store, "select id from exchanges")] == ["r1"]


def test_a_misspelt_field_erases_nothing(store):
    """Even together with a correct one."""
    put(store, every(5, 2), [{"user": ANN}, TABLES[0]])
    with pytest.raises(InputError, match="has a field 'usr'; nothing was erased"):
        erase(store, f"user={ANN}", "usr=7")
    assert len(read(store, "select id from exchanges")) == 2
    assert erase(store, "x=2") == (1, [])


def test_a_parameter_of_a_query_is_a_field(store):
    put(store, every(5, 3), [{"x": 1}] * 3)
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set query = 'user.id=ann%2D7f3e&x=1' where id = 'r0'")
        connection.execute("update exchanges set query = 'id=ann-7f3e' where id = 'r1'")
    assert erase(store, f"user.id={ANN}") == (1, [])
    assert [row["query"] for row in read(store, "select query from exchanges")] == [
        "id=[erased]",
        None,
    ]


def test_cut_bodies_are_a_persons_where_a_common_value_stands_behind_its_name(store):
    """The value 7 is everywhere."""
    put(store, every(5, 4), [{"x": 1}] * 4)
    bodies = ['{"id": 7, "long": "x', '{"n": 7, "long": "x', '{"id": 77, "long"', '{"id":"7.0","l']
    with closing(connect(store)) as connection:
        for number, body in enumerate(bodies):
            connection.execute(
                "update exchanges set request_body = ? where id = ?", (body, f"r{number}")
            )
    assert erase(store, "id=7")[0] == 2
    assert [row["id"] for row in read(store, "select id from exchanges")] == ["r1", "r2"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "gb18030", "utf-16-le", "utf-16"])
@pytest.mark.parametrize("body", ["user={}&x=1", "user,x\n{},1\n", '{{"user": "{}", "cut'])
def test_bodies_other_than_json_are_searched_in_their_encoding(store, body, encoding):
    """Forms, tables and cut documents."""
    put(store, every(5, 2), [{"user": "x"}] * 2)
    with closing(connect(store)) as connection:
        for number, name in enumerate(("zoë-7f3e", "zoe-7f3e")):
            raw = body.format(name).encode(encoding)
            connection.execute(
                "update exchanges set request_body = ? where id = ?", (raw, f"r{number}")
            )
    assert erase(store, "user=zoë-7f3e")[0] == 1
    assert [row["id"] for row in read(store, "select id from exchanges")] == ["r1"]


@pytest.mark.parametrize("value", ["70012345678", "70012345678.0", "7.0012345678e10"])
def test_a_number_is_found_in_each_form(store, value):
    rows = [{"id": 70012345678}, {"id": "70012345678"}, {"id": 70012345678.0}, {"id": 70012345679}]
    put(store, every(5, 4), rows)
    assert erase(store, f"id={value}") == (3, [])


def test_values_outlive_their_exchanges_and_are_erased_still(store):
    """Retention deleted the exchanges; the reference still has the field and the name."""
    put(store, every(5, 900), [{"user": (ANN, "bob")[n % 2], "x": n % 7} for n in range(900)])
    said = {"window": "1d", "reference": "first 576 rows", "multivariate": False}
    analyze(store, said, include_open=True)
    with closing(connect(store)) as connection:
        for table in ("exchanges", "predictions"):
            connection.execute(f"delete from {table}")
    assert ANN.encode() in store.read_bytes()
    assert erase(store, f"user={ANN}") == (0, [])
    assert ANN.encode() not in store.read_bytes()
    with pytest.raises(InputError, match="no exchange of model 'm' has a field 'usr'"):
        erase(store, f"usr={ANN}")


def test_what_was_deleted_before_is_overwritten(store):
    """Retention overwrites nothing, and SQLite leaves copies when it moves rows."""
    rows = [{"user": (ANN, "bob")[n % 2], "n": n} for n in range(600)]
    put(store, every(5, 600), rows)
    with closing(connect(store)) as connection:
        connection.execute("pragma secure_delete = off")  # as in most builds of SQLite
        connection.execute(f"delete from exchanges where request_body like '%{ANN}%'")
    assert ANN.encode() in store.read_bytes()
    assert erase(store, f"user={ANN}") == (0, [])
    assert ANN.encode() not in store.read_bytes()
