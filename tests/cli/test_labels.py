"""`modeltap label`: by our id and by theirs; what joins several exchanges, or none yet, is said."""

from __future__ import annotations

from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.label_targets import find_target
from modeltap.store.labels import labels_of

NONE = {"labels": 0, "waiting": 0, "unknown": 0, "ambiguous": 0, "broken": 0}


def imported(at, tmp_path, text):
    (tmp_path / "labels.csv").write_text(text)
    said = modeltap("label", "import", "labels.csv", "--model", "m", *at, "--json")
    return lines(said)[0]


@pytest.fixture
def tried(files):
    """Exchanges of the model that are not analysed yet: one of its id, and two of another."""
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


def test_labels_by_our_id_and_by_theirs(at, files, tmp_path):
    """One at a time, and from a file; unknown ones are counted."""
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


def test_ids_are_texts_and_those_of_retried_requests_wait(at, files, tried, tmp_path):
    found = imported(at, tmp_path, "id,value\n000041,1\nagain,2\n")
    assert found == NONE | {"labels": 2, "waiting": 1}
    with closing(connect(files / "cli.db")) as connection:
        assert [one["value"] for one in labels_of(connection, "one")] == [1]
        assert [one["value"] for one in labels_of(connection, "again")] == [2]
    (tmp_path / "labels.csv").write_text("id,value\n41,1\n")
    said = modeltap("label", "import", "labels.csv", "--model", "m", *at, code=1)
    assert "no label in 'labels.csv' matches an exchange of m" in said
    assert "waiting for an exchange with a prediction" in modeltap(
        "label", "set", "again", "3", *at
    )


def test_several_exchanges_with_a_prediction_are_named(at, files, tmp_path):
    with closing(connect(files / "cli.db")) as connection, writing(connection):
        connection.execute("update exchanges set trace_id = 'shared' where request_id < 'row-1001'")
    said = modeltap("label", "set", "shared", "1", *at, code=1)
    assert "'shared' matches" in said and "exchanges with a prediction" in said
    assert "use the id of one of them" in said
    found = imported(at, tmp_path, "id,value\nshared,1\nrow-5,1\n")
    assert found == NONE | {"labels": 1, "ambiguous": 1}
