"""Texts of clients and of modeltap lose the value; other numbers stay."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

from modeltap.erasing.erased_rows import OwnValues
from modeltap.erasing.learnt_values import ErasedValues
from modeltap.erasing.stored_texts import Wording, erase_labels, erase_texts
from modeltap.privacy.erase import Subject
from modeltap.store.connection import connect, writing
from stores import every, put, read

INCOME = OwnValues(
    words=Counter({"teal": 1}), numbers=Counter({1234567.25: 1, 3.0: 1, 1700.5: 1, 1400.5: 1})
)
WORDING = Wording(
    ErasedValues([Subject("user", "ann-7f3e"), Subject("age", "7")], {"income": INCOME}),
    ["user", "age"],
    ["r7", "req-9"],
    {"income": {1.0, 1700.5}},
)


def test_sentences_lose_values_of_their_columns_only():
    for text, expected in {
        "user: value 'ann-7f3e' in 9 % of rows": "user: value '[erased]' in 9 % of rows",
        "age: value 7 in 7 % of rows": "age: value [erased] in 7 % of rows",
        "x: value 7 in 7 % of rows": "x: value 7 in 7 % of rows",
        "income: max went to 1,234,567, 3 rows": "income: max went to [erased], 3 rows",
        "income: fraction of 'teal' went up": "income: fraction of '[erased]' went up",
        "income: median went from 3 to 4": "income: median went from 3 to 4",
        "income: beyond 1 to 1,700, 1,700 rows": "income: beyond 1 to [erased], 1,700 rows",
        "income: median went from 3 to 1,400": "income: median went from 3 to 1,400",
        "x: beyond 1 to 1,700": "x: beyond 1 to 1,700",
        "x: max went to 1,234,567, 3 rows": "x: max went to 1,234,567, 3 rows",
        "x: fraction of 'teal' went up": "x: fraction of 'teal' went up",
    }.items():
        assert WORDING.sentence(text) == expected


def test_a_comparison_loses_the_names_of_groups():
    """And no number of it, whose fields stay those of a comparison."""
    rows = [{"metric": "mae", "segment": "user = 'ann-7f3e'", "rows": 7, "current": 7.0}]
    (row,) = json.loads(WORDING.message(json.dumps(rows)))
    assert row == {"metric": "mae", "segment": "user = '[erased]'", "rows": 7, "current": 7.0}


def test_a_message_is_still_json():
    """Ids of erased exchanges are removed; modeltap's own parts stay."""
    message = {
        "type": "alert.firing",
        "data": {
            "model": "ann-7f3e",
            "summary": 'user: value "ann-7f3e" is new',
            "alerts": [{"examples": ["r6", "r7"], "value": 0.5, "related": None}],
        },
    }
    data = json.loads(WORDING.message(json.dumps(message)))["data"]
    assert data["model"] == "ann-7f3e" and data["summary"] == 'user: value "[erased]" is new'
    assert data["alerts"] == [{"examples": ["r6"], "value": 0.5, "related": None}]
    second = json.dumps({"type": "digest", "data": {"summary": "quiet"}})
    assert WORDING.message(second) == second
    assert WORDING.examples('["r7", "req-8"]') == '["req-8"]'


def test_paths_ids_notes_and_logs(store):
    put(store, every(5, 2), [{"x": 1}, {"x": 2}])
    with closing(connect(store)) as connection:
        connection.execute(
            "update exchanges set path = '/u/ann-7f3e', query = 'by=ann-7f3e', request_id = ?, "
            "error_message = ?, request_headers = ? where id = 'r0'",
            ("req-ann-7f3e", "no 'ann-7f3e' in 7 tries", '{"x-by": "ann-7f3e"}'),
        )
        connection.execute("update exchanges set model = 'n', path = '/ann-7f3e' where id = 'r1'")
        connection.execute(
            "insert into child_runs (job, started_at, finished_at, exit, pid, host, log) "
            "values ('analyze', '', '', 1, 1, 'h', 'ValueError: ann-7f3e')"
        )
        connection.executemany(
            "insert into decode_notes (first_seq, last_seq, rows, note) values (?, ?, 0, ?)",
            [(1, 1, "no field ann-7f3e"), (2, 2, "no ann-7f3e")],
        )
        connection.execute(
            "insert into silences (id, model, reason, until, created_at) "
            "values ('s', 'm', 'ann-7f3e asks', '', '')"
        )
        erase_texts(connection, "m", WORDING)
    first, second = read(store, "select * from exchanges order by id")
    assert first["path"] == "/u/[erased]" and first["query"] == "by=[erased]"
    assert first["error_message"] == "no '[erased]' in 7 tries"
    assert first["request_headers"] == '{"x-by": "[erased]"}'
    assert second["path"] == "/ann-7f3e"
    notes = [row["note"] for row in read(store, "select note from decode_notes")]
    assert notes == ["no field [erased]", "no ann-7f3e"]
    assert read(store, "select log from child_runs")[0]["log"] == "ValueError: [erased]"
    assert read(store, "select reason from silences")[0]["reason"] == "[erased] asks"


def test_labels_that_came_without_exchange(store):
    """Labels with the value, or with the caller's id of an erased exchange; not common values."""
    put(store, every(5, 1), [{"x": 1}])
    labels = {"r0": "ann-7f3e", "ann-7f3e": "1", "req-9": "1", "w": "ann-7f3e", "7x": "7", "u": "2"}
    erased = ErasedValues([Subject("user", "ann-7f3e"), Subject("age", "7")], {})
    with closing(connect(store)) as connection, writing(connection):
        connection.executemany(
            "insert into labels (exchange_id, value, received_at) values (?, ?, '')", labels.items()
        )
        erase_labels(connection, erased, {"req-9"})
    left = {row["exchange_id"] for row in read(store, "select exchange_id from labels")}
    assert left == {"r0", "7x", "u"}
