"""Labels that wait under other ids are moved together as they are one by one."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.label_moves import move_all_labels, move_labels
from modeltap.store.labels import Label, insert_labels

CASES = {
    "an exchange without labels": (["w1"], {"w1": "e1"}),
    "several rows, and a correction": (["w1", "w1/1", "w1=5", "w1/1"], {"w1": "e1"}),
    "an exchange with a label": (["e1", "w1=2"], {"w1": "e1"}),
    "the same label again": (["e1=2", "w1=2"], {"w1": "e1"}),
    "a newer label": (["w1=1", "e1=2"], {"w1": "e1"}),
    "two ids of one exchange": (["w1=1", "w2=2"], {"w1": "e1", "w2": "e1"}),
    "an exchange whose own labels move": (["w1=1", "w2=2"], {"w1": "w2", "w2": "e1"}),
    "many": ([f"w{n}={n}" for n in range(9)], {f"w{n}": f"e{n}" for n in range(9)}),
    "no label": ([], {"w1": "e1"}),
    "no id": (["w1"], {}),
}


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        yield opened


def put(connection, sent, model):
    for text in sent:
        place, _, value = text.partition("=")
        id_, _, row = place.partition("/")
        label = Label(id_, int(row or 0), int(value or 0))
        insert_labels(connection, [label], source="test", model=model)


def stored(connection):
    """Return the labels in order; those that were moved are later than all that were not."""
    return [
        tuple(row)
        for row in connection.execute(
            "select exchange_id, row, key, value, source, model from labels order by seq"
        )
    ]


@pytest.mark.parametrize("moved_for", [None, "m", "other"])
@pytest.mark.parametrize(("sent", "targets"), CASES.values(), ids=CASES)
def test_together_as_one_by_one(connection, sent, targets, moved_for):
    results = []
    for move_together in (False, True):
        with writing(connection):
            connection.execute("delete from labels")
            put(connection, sent, "m")
            before = connection.execute("select max(seq) from labels").fetchone()[0] or 0
            if move_together:
                move_all_labels(connection, targets, model=moved_for)
            else:
                for waiting, id_ in targets.items():
                    move_labels(connection, waiting, id_, model=moved_for)
        newer = connection.execute("select count(*) from labels where seq > ?", (before,))
        results.append((sorted(stored(connection), key=repr), newer.fetchone()[0]))
    assert results[0] == results[1]


def test_moved_labels_keep_their_id_as_a_key_and_are_the_latest(connection):
    with writing(connection):
        put(connection, ["w1=1", "x=3"], None)
        move_all_labels(connection, {"w1": "e1"})
    assert stored(connection)[-1] == ("e1", 0, "w1", 1, "test", None)
