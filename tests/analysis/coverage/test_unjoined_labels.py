"""Labels without a prediction: a note if there are few, a problem if there are many."""

from __future__ import annotations

from contextlib import closing

import pytest

from coverage_cases import CLEAN, fill
from modeltap.analysis.coverage.unjoined_labels import unjoined_labels
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels

LOST = [("x", 0, "no exchange"), ("m0", 9, "no such row")]


@pytest.mark.parametrize(("lost", "level"), [(1, "note"), (20, "problem")])
@pytest.mark.parametrize(
    ("id_", "row", "words"), [("x", 0, "no exchange"), ("m0", 9, "no such row")]
)
def test_labels_that_join_nothing_are_counted_with_the_reason(store, lost, level, id_, row, words):
    fill(store, CLEAN)
    good = [Label(f"m{n}", 0, 1) for n in range(100)]
    with closing(connect(store)) as connection:
        with writing(connection):
            bad = [Label(id_, row, n) for n in range(lost)]
            insert_labels(connection, [*good, *bad], source="test")
        (finding,) = unjoined_labels(connection, ["m"])
        (nobodys,) = unjoined_labels(connection, ["m", "other"])
    assert (finding.model, nobodys.model) == ("m", None)
    assert (finding.level, finding.count, finding.total) == (level, lost, 100 + lost)
    assert words in finding.reason and finding.fix
