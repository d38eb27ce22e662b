"""Lists in rows become features: by place, or by measures, never silently one of no type."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.config.settings import FeatureSettings, Settings
from modeltap.decoding.list_columns import ListRules, spread


def rows(size, count=50, scale=3.0):
    """Lists of numbers of one size, not of length 1."""
    chance = random.Random(size)
    return [[1 + scale * chance.random() for _ in range(size)] for _ in range(count)]


@pytest.mark.parametrize("size", [1, 2, 4, 13, 100])
@pytest.mark.parametrize("name", ["features", "a.b", "x"])
def test_a_short_list_has_a_column_for_each_place(size, name):
    """Up to `max_list_features` numbers."""
    column = rows(size)
    found = spread({name: column}, (), ListRules())
    assert list(found) == [f"{name}.{place}" for place in range(size)]
    assert [list(one) for one in zip(*found.values(), strict=True)] == column


@pytest.mark.parametrize(
    ("column", "rules"),
    [
        (rows(101), ListRules()),
        (rows(5), ListRules(most=4)),
        (rows(5), ListRules(vectors=("x",))),
        ([[0.6, 0.8], [0.8, -0.6]] * 9, ListRules()),
        ([[[1, 2], [3, 4]]] * 9, ListRules()),
        ([1, 2, "a"], ListRules()),
        ([[], []], ListRules()),
        ([None], ListRules()),
    ],
)
def test_what_is_a_vector_or_no_list_stays(column, rules):
    """Declared, longer, of length 1, or nested."""
    assert spread({"x": column}, (), rules) == {"x": column}


def test_codes_of_a_place_are_no_vector():
    """A one among zeros has length 1, too."""
    assert list(spread({"x": [[0, 1, 0], [1, 0, 0]]}, (), ListRules())) == ["x.0", "x.1", "x.2"]


@pytest.mark.parametrize("other", [[1.0], [1.0] * 7, "text", 5, {"a": 1}])
def test_another_length_later_is_a_value_of_another_type(other):
    """In each place of the list, whatever most rows of the batch have."""
    known = {"x.0": None, "x.1": None}
    for column in ([[1.0, 2.0], other], [other, other]):
        found = spread({"x": column}, known, ListRules())
        assert list(found) == list(known)
        assert all(values[-1] == other for values in found.values())


@pytest.mark.parametrize("name", ["x.0", "x.1", "x.3"])
def test_a_single_name_of_a_list_has_its_values(name):
    """As a column has that is learnt again, or searched for a person's values."""
    assert spread({"x": rows(4)}, [name], ListRules())[name] == [
        row[int(name[-1])] for row in rows(4)
    ]


def test_a_missing_list_is_missing_in_each_place():
    """As a missing number is."""
    found = spread({"x": [[1.0, 2.0], None]}, ("x.0", "x.1"), ListRules())
    assert found == {"x.0": [1.0, None], "x.1": [2.0, None]}


def test_a_reference_that_knows_the_list_keeps_it():
    """One that was learnt as a vector stays that."""
    assert list(spread({"x": rows(4)}, ("x", "x.norm"), ListRules())) == ["x"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (
            [[{"price": 9, "sku": "a"}, {"price": 4, "sku": "b"}], [{"price": 1, "sku": "c"}]],
            {"x.count": [2, 1], "x.price.mean": [6.5, 1.0], "x.sku.first": ["a", "c"]},
        ),
        ([[{"a": 1}], [], None], {"x.count": [1, 0, None], "x.a.mean": [1.0, None, None]}),
        ([["a", "b"], ["c"], []], {"x.count": [2, 1, 0], "x.first": ["a", "c", None]}),
        ([[1, 2], [3], [4, 5, 6]], {"x.count": [2, 1, 3], "x.mean": [1.5, 3.0, 5.0]}),
    ],
)
def test_lists_of_other_things_are_measured(column, expected):
    """How many, the mean of numbers, the first of anything else."""
    assert spread({"x": column}, (), ListRules()) == expected


def test_columns_that_would_share_a_name_are_kept_both():
    """One of the row itself keeps it."""
    found = spread({"x": [[5.0, 2.0]], "x.0": [7]}, (), ListRules())
    assert found == {"x.0.list": [5.0], "x.1": [2.0], "x.0": [7]}


def test_a_declared_vector_is_none_of_them():
    """And how long a list may be is an option."""
    settings = Settings(max_list_features=3, features={"x": FeatureSettings(type="vector")})
    assert ListRules.of(settings) == ListRules(3, frozenset({"x"}))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(
    st.lists(values, min_size=1, max_size=9),
    st.sampled_from([(), ("x",), ("x.0",), ("x.count",), ("x.0", "x.count", "x.a.mean")]),
)
def test_columns_of_any_values_have_as_many_rows(column, known):
    """And nothing is raised."""
    found = spread({"x": column}, known, ListRules())
    assert found and {len(values) for values in found.values()} == {len(column)}


PRICE = [[9, 4], [6]]
NESTINGS = {
    "objects": lambda values: [{"price": one} for one in values],
    "objects in objects": lambda values: [{"cost": {"price": one}} for one in values],
    "lists in objects": lambda values: [{"price": values}],
    "lists of objects in objects": lambda values: [{"lines": [{"price": one} for one in values]}],
    "lists of lists": lambda values: [[{"price": one} for one in values]],
    "among nothing": lambda values: [None, *({"price": one} for one in values), None],
    "ragged": lambda values: [{"id": "a"}, *({"price": one, "q": None} for one in values)],
    "texts among them": lambda values: [*({"price": one} for one in values), {"price": None}],
}
EMPTY = {"empty": [], "null": None, "items of nothing": [None]}


@pytest.mark.parametrize("nesting", NESTINGS)
@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("at", [0, 2])
def test_numbers_in_objects_of_lists_have_their_mean(nesting, empty, at):
    """However deep they are, and whatever lists of nothing are among the rows."""
    column = [NESTINGS[nesting](values) for values in PRICE]
    column.insert(at, EMPTY[empty])
    if empty == "items of nothing" and nesting == "lists of lists":
        column[at] = []
    found = spread({"items": column}, (), ListRules())
    (name,) = [name for name in found if name.endswith("price.mean")]
    expected = [6.5, 6.0]
    expected.insert(at, None)
    assert found[name] == expected
    assert all(len(values) == 3 for values in found.values())
    # What a reference knows is measured in the same way, whatever a window has of it.
    known = dict.fromkeys(found)
    for values in ([4, 9], [4, "x"], [None, 3]):
        assert name in spread({"items": [NESTINGS[nesting](values)]}, known, ListRules())
    for nothing in ([], None, [None]):
        assert set(spread({"items": [nothing]}, known, ListRules())) <= set(found)


def test_a_text_among_known_numbers_does_not_end_their_mean():
    known = dict.fromkeys(["items.count", "items.price.mean"])
    column = [[{"price": 9}, {"price": "x"}, {"price": "3"}], [{"price": "?"}]]
    assert spread({"items": column}, known, ListRules())["items.price.mean"] == [6.0, None]


def test_numbers_that_are_sent_as_texts_have_a_mean():
    column = [[{"price": f"{n}.5"}, {"price": f"{n + 1}.5"}] for n in range(60)]
    assert spread({"items": column}, (), ListRules())["items.price.mean"][:2] == [1.0, 2.0]


def test_what_is_too_deep_is_a_column_that_is_reported():
    deep = {"price": 1}
    for _ in range(9):
        deep = {"a": deep}
    found = spread({"items": [[deep]]}, (), ListRules())
    (name,) = set(found) - {"items.count"}
    assert type(found[name][0]) is list
