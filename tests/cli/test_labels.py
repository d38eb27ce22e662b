"""`modeltap label`: labels by our id or the caller's, and ambiguous or unknown ids."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from command import completed, lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_targets import find_target
from modeltap.store.labels import labels_of
from stores import every, put
from terminal import on_a_terminal

NONE = {"labels": 0, "waiting": 0, "unknown": 0, "rejected": 0, "empty": 0, "broken": 0}


def imported(at, tmp_path, text):
    (tmp_path / "labels.csv").write_text(text)
    shown = modeltap("label", "import", "labels.csv", "--model", "m", *at, "--json")
    return lines(shown)[0]


@pytest.fixture
def retried_requests(files):
    """Exchanges that are not analysed yet: one with an id of its own, and two with the same id."""
    with closing(connect(files / "cli.db")) as connection, writing(connection):
        rows = [("one", "000041", None), ("two", "again", 503), ("three", "again", 200)]
        insert_exchanges(
            connection,
            [
                ExchangeRow(
                    id=id_,
                    model="m",
                    source="asgi",
                    started_at="2024-06-01T00:00:00Z",
                    request_id=request_id,
                    status=status,
                )
                for id_, request_id, status in rows
            ],
        )


def test_labels_are_matched_by_our_id_and_the_callers(at, files, tmp_path):
    """One at a time and from a file; unknown ids are counted."""
    assert "row 0: 7" in modeltap("label", "set", "row-1", "7", *at)
    for value in ("007", "1e5", "1_0", "12.5", "yes"):
        assert f"row 0: {value}" in modeltap("label", "set", "row-9", value, *at)
    with closing(connect(files / "cli.db")) as connection:
        set_ = [
            one["value"]
            for one in labels_of(connection, find_target(connection, "row-9").exchange_id)
        ]
    assert set_[-5:] == ["007", "1e5", "1_0", 12.5, "yes"]
    found = imported(at, tmp_path, "id,value\nrow-2,5.5\nrow-3,6\nnobody,1\n")
    assert found == NONE | {"labels": 2, "unknown": 1}


def test_ids_are_text_and_labels_of_retried_requests_wait(at, files, retried_requests, tmp_path):
    found = imported(at, tmp_path, "id,value\n000041,1\nagain,2\n")
    assert found == NONE | {"labels": 2, "waiting": 1}
    with closing(connect(files / "cli.db")) as connection:
        assert [one["value"] for one in labels_of(connection, "one")] == [1]
        assert [one["value"] for one in labels_of(connection, "again")] == [2]
    (tmp_path / "labels.csv").write_text("id,value\n41,1\n")
    shown = modeltap("label", "import", "labels.csv", "--model", "m", *at, code=1)
    assert "no label in 'labels.csv' matches an exchange of m" in shown
    assert "waiting for an exchange with a prediction" in modeltap(
        "label", "set", "again", "3", *at
    )


def test_ambiguous_ids_are_reported_with_their_exchanges(at, files, tmp_path):
    with closing(connect(files / "cli.db")) as connection, writing(connection):
        connection.execute("update exchanges set trace_id = 'shared' where request_id < 'row-1001'")
    shown = modeltap("label", "set", "shared", "1", *at, code=1)
    assert "'shared' matches" in shown and "exchanges with a prediction" in shown
    assert "use the id of one of them" in shown
    found = imported(at, tmp_path, "id,value\nshared,1\nrow-5,1\n")
    assert found == NONE | {"labels": 1, "rejected": 1}


def test_labels_name_rows_by_a_feature(at, files, tmp_path):
    """Each by a value that one row has; with one of several rows, none is labelled."""
    (tmp_path / "orders.csv").write_text(
        "order,amount,guess\n41,1,2\n42,1,2\n007,1,2\n43,1,2\n43,1,3\n"
    )
    store = ("--store", tmp_path / "orders.db")
    roles = ("--prediction", "guess", "--features", "order,amount")
    modeltap("import", "orders.csv", "--model", "shop", *roles, *store)
    modeltap("analyze", "--no-deliver", *store)
    (tmp_path / "labels.csv").write_text("id,value\n41,5\n007,6\n43,7\n99,8\n")
    key = ("--model", "shop", "--key", "order")
    shown = modeltap("label", "import", "labels.csv", *key, *store, "--json")
    assert lines(shown) == [NONE | {"labels": 2, "unknown": 1, "rejected": 1}]
    assert "order 42: 9" in modeltap("label", "set", "42", "9", *key, *store)
    shown = modeltap("label", "set", "43", "9", *key, *store, code=1)
    assert "several rows have order = '43'" in shown
    assert "the label is kept for it" in modeltap("label", "set", "98", "9", *key, *store, code=1)
    assert "add --model" in modeltap("label", "set", "1", "1", "--key", "order", *store, code=2)
    with closing(connect(tmp_path / "orders.db")) as connection:
        rows = connection.execute(
            "select key, feature, value from labels where exchange_id <> '' order by seq"
        )
        assert list(map(tuple, rows)) == [
            ("41", "order", 5),
            ("007", "order", 6),
            ("42", "order", 9),
        ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("id,value,row\nrow-2,5.5,-1\nrow-3,6,0\n", "row '-1' is not a valid row number"),
        ("id,value,row\nrow-2,5.5,x\nrow-3,6,0.0\n", "row 'x' is not a valid row number"),
        ("id,value,row\nrow-2,5.5,7\nrow-3,6,0\n", "row 7 does not exist"),
        ("id,value,labelled_at\nrow-2,5.5,soon\nrow-3,6,2024-06-01\n", "'soon' is not a time"),
    ],
)
def test_invalid_lines_are_reported_and_the_others_imported(at, files, tmp_path, columns, reason):
    (tmp_path / "labels.csv").write_text(columns)
    done = completed("label", "import", "labels.csv", "--model", "m", *at)
    assert done.returncode == 0
    assert done.stdout.startswith("1 label for m") and reason in done.stderr


@pytest.mark.parametrize(
    "line", ["{}", '{"id": "row-2"}', '{"value": 1}', '{"id": null, "value": 1}']
)
def test_lines_that_lack_a_member_are_counted(at, files, tmp_path, line):
    (tmp_path / "labels.jsonl").write_text(f'{line}\n{{"id": "row-3", "value": 6}}\n{line}\n')
    shown = modeltap("label", "import", "labels.jsonl", "--model", "m", *at)
    assert shown.startswith("1 label for m") and "2 lines without an id or a value" in shown


def test_numbers_of_spreadsheets_are_read(at, files, tmp_path):
    """With a byte order mark and thousands separators; lines without a value are counted."""
    assert (
        imported(at, tmp_path, '\ufeffid,value\nrow-2,"1,234"\nrow-3,"12,345.5"\n')["labels"] == 2
    )
    assert imported(at, tmp_path, "id;value\nrow-4;1.234,5\nrow-5;12.345,75\n")["labels"] == 2
    empty = imported(at, tmp_path, "id,value\nrow-2,\nrow-3,nan\nrow-4,NULL\nrow-6,1\n")
    assert empty == NONE | {"labels": 1, "empty": 3}
    with closing(connect(files / "cli.db")) as connection:
        values = [
            labels_of(connection, find_target(connection, f"row-{n}").exchange_id)[-1]["value"]
            for n in range(2, 7)
        ]
    assert values == [1234, 12345.5, 1234.5, 12345.75, 1]


def test_a_file_of_unknown_ids_fails_and_is_kept(at, files, tmp_path):
    (tmp_path / "labels.csv").write_text("id,value\nfuture-1,1\nfuture-2,1\n")
    shown = modeltap("label", "import", "labels.csv", "--model", "m", *at, code=1)
    assert "no label in 'labels.csv' matches an exchange of m; 2 labels kept" in shown
    with closing(connect(files / "cli.db")) as connection:
        assert len(labels_of(connection, "future-1")) == 1


def test_an_import_shows_a_bar_on_a_terminal(tmp_path, store):
    put(store, every(1, 3000), [{"x": 1.0}] * 3000)
    path = tmp_path / "truth.csv"
    path.write_text("id,value\n" + "".join(f"r{n},{n}\n" for n in range(3000)))
    code, text = on_a_terminal("label", "import", path, "--model", "m", "--store", store)
    shown = [int(percent) for percent in re.findall(r"(\d+)%", text)]
    assert code == 0 and f"importing {path.name}" in text
    assert shown == sorted(shown) and shown[-1] == 100
