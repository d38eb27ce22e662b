"""Conversion of rows to columns, with a limited number of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.export.flattening import flat
from modeltap.rows import columns, row_type

CHANGING = [{"usual": n, **{f"k{n}_{place}": 1 for place in range(20)}} for n in range(500)]


def test_only_frequent_names_become_columns():
    """Otherwise there would be ten thousand columns with one value each."""
    assert columns(CHANGING) == {"usual": list(range(500))}
    found = columns(CHANGING * 2)
    assert len(found) == 1000
    assert found["usual"] == list(range(500)) * 2


@pytest.mark.parametrize("deep", ["", "a.", "a.b."])
def test_known_names_are_kept(deep):
    """Even if rare, because a window is counted by its reference's features."""
    rows = CHANGING
    for name in reversed(deep.split(".")[:-1]):
        rows = [{name: row} for row in rows]
    rare = f"{deep}k499_19"
    assert rare not in columns(rows)
    assert columns(rows, known=[rare])[rare] == [None] * 499 + [1]


def test_nested_objects_share_the_limit_of_columns():
    """A thousand objects with a thousand names each would be a million columns."""
    rows = [{f"o{n}": {f"k{place}": 1 for place in range(1000)}, "x": n} for n in range(30)]
    found = columns(rows)
    assert 1000 < len(found) <= 10_000
    assert found["x"] == list(range(30))


def test_a_wide_row_keeps_all_columns():
    """Many names in one row are not ids."""
    wide = {f"f{n}": n for n in range(3000)}
    assert len(columns([wide] * 5)) == 3000
    assert len(columns([{"features": wide}] * 5)) == 3000


def test_dictionaries_among_structs_add_no_rare_names():
    """Rows of another form are decoded separately."""
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
def test_values_of_colliding_names_are_both_kept(rows):
    """Clients may write dotted names that equal those of nested fields."""
    found = columns(rows)
    for place, row in enumerate(rows):
        values = [column[place] for column in found.values() if column[place] is not None]
        assert sorted(values) == sorted(leaves(row))
        exported = [value for value in flat(row).values() if not isinstance(value, dict)]
        assert sorted(exported) == sorted(leaves(row))
