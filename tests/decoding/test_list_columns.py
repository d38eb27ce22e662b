"""Lists in rows as features: one per position, or summaries."""

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
def test_a_short_list_has_a_column_for_each_position(size, name):
    """Up to `max_list_features` numbers."""
    column = rows(size)
    spread_columns = spread({name: column}, (), ListRules())
    assert list(spread_columns) == [f"{name}.{place}" for place in range(size)]
    assert [list(values) for values in zip(*spread_columns.values(), strict=True)] == column


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
def test_vectors_and_other_values_stay(column, rules):
    """Declared, longer, of length 1, or nested."""
    assert spread({"x": column}, (), rules) == {"x": column}


def test_one_hot_codes_are_not_vectors():
    """They also have length 1."""
    assert list(spread({"x": [[0, 1, 0], [1, 0, 0]]}, (), ListRules())) == ["x.0", "x.1", "x.2"]


@pytest.mark.parametrize("other", [[1.0], [1.0] * 7, "text", 5, {"a": 1}])
def test_another_length_later_is_a_value_of_another_type(other):
    """At each position of the list, regardless of the other rows of the batch."""
    known = {"x.0": None, "x.1": None}
    for column in ([[1.0, 2.0], other], [other, other]):
        spread_columns = spread({"x": column}, known, ListRules())
        assert list(spread_columns) == list(known)
        assert all(values[-1] == other for values in spread_columns.values())


@pytest.mark.parametrize("name", ["x.0", "x.1", "x.3"])
def test_a_single_name_of_a_list_has_its_values(name):
    """A column that is learned again or searched for a person's values is read by its name."""
    assert spread({"x": rows(4)}, [name], ListRules())[name] == [
        row[int(name[-1])] for row in rows(4)
    ]


def test_a_missing_list_is_missing_at_each_position():
    """Like a missing number."""
    spread_columns = spread({"x": [[1.0, 2.0], None]}, ("x.0", "x.1"), ListRules())
    assert spread_columns == {"x.0": [1.0, None], "x.1": [2.0, None]}


def test_a_reference_that_knows_the_list_keeps_it():
    """A list that was learned as a vector stays a vector."""
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
def test_other_lists_are_summarized(column, expected):
    """By the count, the mean of numbers, and the first of other values."""
    assert spread({"x": column}, (), ListRules()) == expected


def test_columns_that_would_share_a_name_are_kept_both():
    """The row's own column keeps the name."""
    spread_columns = spread({"x": [[5.0, 2.0]], "x.0": [7]}, (), ListRules())
    assert spread_columns == {"x.0.list": [5.0], "x.1": [2.0], "x.0": [7]}


def test_declared_vectors_and_the_longest_list_are_options():
    """By the type of the feature and `max_list_features`."""
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
    """Any values are accepted without an error."""
    spread_columns = spread({"x": column}, known, ListRules())
    assert spread_columns and {len(values) for values in spread_columns.values()} == {len(column)}


PRICE = [[9, 4], [6]]
NESTINGS = {
    "objects": lambda prices: [{"price": price} for price in prices],
    "objects in objects": lambda prices: [{"cost": {"price": price}} for price in prices],
    "lists in objects": lambda values: [{"price": values}],
    "lists of objects in objects": lambda prices: [
        {"lines": [{"price": price} for price in prices]}
    ],
    "lists of lists": lambda prices: [[{"price": price} for price in prices]],
    "among nulls": lambda prices: [None, *({"price": price} for price in prices), None],
    "ragged": lambda prices: [{"id": "a"}, *({"price": price, "q": None} for price in prices)],
    "null fields": lambda prices: [*({"price": price} for price in prices), {"price": None}],
}
EMPTY = {"empty": [], "null": None, "items of nothing": [None]}


@pytest.mark.parametrize("nesting", NESTINGS)
@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("at", [0, 2])
def test_numbers_in_objects_of_lists_have_their_mean(nesting, empty, at):
    """At any depth, with empty lists among the rows."""
    column = [NESTINGS[nesting](values) for values in PRICE]
    column.insert(at, EMPTY[empty])
    if empty == "items of nothing" and nesting == "lists of lists":
        column[at] = []
    spread_columns = spread({"items": column}, (), ListRules())
    (name,) = [name for name in spread_columns if name.endswith("price.mean")]
    expected = [6.5, 6.0]
    expected.insert(at, None)
    assert spread_columns[name] == expected
    assert all(len(values) == 3 for values in spread_columns.values())
    # A column of the reference is measured in the same way, whatever a window has of it.
    known = dict.fromkeys(spread_columns)
    for values in ([4, 9], [4, "x"], [None, 3]):
        assert name in spread({"items": [NESTINGS[nesting](values)]}, known, ListRules())
    for nothing in ([], None, [None]):
        assert set(spread({"items": [nothing]}, known, ListRules())) <= set(spread_columns)


def test_a_text_among_known_numbers_does_not_end_their_mean():
    known = dict.fromkeys(["items.count", "items.price.mean"])
    column = [[{"price": 9}, {"price": "x"}, {"price": "3"}], [{"price": "?"}]]
    assert spread({"items": column}, known, ListRules())["items.price.mean"] == [6.0, None]


def test_numbers_that_are_sent_as_texts_have_a_mean():
    column = [[{"price": f"{n}.5"}, {"price": f"{n + 1}.5"}] for n in range(60)]
    assert spread({"items": column}, (), ListRules())["items.price.mean"][:2] == [1.0, 2.0]


def test_values_nested_too_deeply_are_a_reported_column():
    deep = {"price": 1}
    for _ in range(9):
        deep = {"a": deep}
    spread_columns = spread({"items": [[deep]]}, (), ListRules())
    (name,) = set(spread_columns) - {"items.count"}
    assert type(spread_columns[name][0]) is list
