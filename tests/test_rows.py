"""Rows and columns: how many names there may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.export.flattening import flat
from modeltap.rows import columns, row_type

CHANGING = [{"usual": n, **{f"k{n}_{place}": 1 for place in range(20)}} for n in range(500)]


def test_of_ever_changing_names_the_usual_ones_are_columns():
    """A column for each would be ten thousand, of one value each."""
    assert columns(CHANGING) == {"usual": list(range(500))}
    found = columns(CHANGING * 2)
    assert len(found) == 1000
    assert found["usual"] == list(range(500)) * 2


@pytest.mark.parametrize("deep", ["", "a.", "a.b."])
def test_known_names_stay(deep):
    """However rare: a window is counted by its reference's features."""
    rows = CHANGING
    for name in reversed(deep.split(".")[:-1]):
        rows = [{name: row} for row in rows]
    rare = f"{deep}k499_19"
    assert rare not in columns(rows)
    assert columns(rows, known=[rare])[rare] == [None] * 499 + [1]


def test_objects_share_their_room():
    """A thousand objects of a thousand names each would be a million columns."""
    rows = [{f"o{n}": {f"k{place}": 1 for place in range(1000)}, "x": n} for n in range(30)]
    found = columns(rows)
    assert 1000 < len(found) <= 10_000
    assert found["x"] == list(range(30))


def test_a_wide_row_is_whole():
    """As many names as one row has are no sign of ids."""
    wide = {f"f{n}": n for n in range(3000)}
    assert len(columns([wide] * 5)) == 3000
    assert len(columns([{"features": wide}] * 5)) == 3000


def test_rows_beside_structs_bring_no_more_names():
    """Those of a form of their own are decoded one by one, and come to the others."""
    kind = row_type([{"usual": 1}])
    found = columns([*(kind(n) for n in range(5)), *CHANGING])
    assert found.keys() == {"usual"}
    assert list(found["usual"]) == [*range(5), *range(500)]


names = st.sampled_from(["a", "b", "a.b", "b.a", "a.b.1", "a.a"])
nested = st.recursive(
    st.integers(0, 99), lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=9
)


def leaves(value):
    """The single values of a document."""
    if not isinstance(value, dict):
        return [value]
    return [leaf for inner in value.values() for leaf in leaves(inner)]


@given(st.lists(st.dictionaries(names, nested, max_size=5), min_size=1, max_size=4))
def test_values_of_names_that_collide_are_kept_both(rows):
    """Dotted names are written by clients, too, and are those of fields within objects."""
    found = columns(rows)
    for place, row in enumerate(rows):
        told = [column[place] for column in found.values() if column[place] is not None]
        assert sorted(told) == sorted(leaves(row))
        exported = [value for value in flat(row).values() if not isinstance(value, dict)]
        assert sorted(exported) == sorted(leaves(row))
