"""Places of features in bodies of every form."""

from __future__ import annotations

import pytest

from modeltap.export.feature_places import DecodedSample, feature_places
from modeltap.store.model_views import ROW


def sampled(body, rows):
    return [DecodedSample(body, number, features) for number, features in enumerate(rows)]


@pytest.mark.parametrize(
    ("body", "rows", "places"),
    [
        ({"a": 1}, [{"a": 1}], {"a": [("a",)]}),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}], {"a": [(ROW, "a")]}),
        (
            {"inputs": [{"a": 1}, {"a": 2}]},
            [{"a": 1}, {"a": 2}],
            {"a": [("inputs", ROW, "a")]},
        ),
        ({"a": [1, 2]}, [{"a": 1}, {"a": 2}], {"a": [("a", ROW)]}),
        ({"d": {"a": [1, 2]}}, [{"a": 1}, {"a": 2}], {"a": [("d", "a", ROW)]}),
        ({"d": {"e": {"a": 3}}}, [{"a": 3}], {"a": [("d", "e", "a")]}),
        ({"x": [5, 6]}, [{"x.0": 5, "x.1": 6}], {"x.0": [("x", 0)], "x.1": [("x", 1)]}),
        (
            {"inputs": [[5, 6], [7, 8]]},
            [{"inputs.1": 6}, {"inputs.1": 8}],
            {"inputs.1": [("inputs", ROW, 1)]},
        ),
        ({"a.b": 1, "a": {"b": 2}}, [{"a.b": 1}], {"a.b": [("a.b",)]}),
        ({"a": {"b.c": {"d": 4}}}, [{"a.b.c.d": 4}], {"a.b.c.d": [("a", "b.c", "d")]}),
        ({"a": 1}, [{"b": 9}], {}),
        ({"a": 1}, [{"a": 2}], {}),
        ("text", [{"a": 1}], {}),
        ({}, [{"a": 1}], {}),
    ],
)
def test_a_feature_is_found_where_its_value_stands(body, rows, places):
    """In objects, lists, columns and nested ones; not where the value differs."""
    given = sampled(body, rows) if isinstance(body, dict | list) else []
    assert feature_places(given, rows[0]) == places


def test_a_place_that_is_wrong_in_one_row_is_none():
    """The same value in one row may be a coincidence."""
    rows = [
        DecodedSample({"a": 1, "b": 1}, 0, {"b": 1}),
        DecodedSample({"a": 2, "b": 5}, 0, {"b": 4}),
    ]
    assert feature_places(rows, ["b"]) == {}


def test_several_forms_of_bodies_are_several_places():
    """As two clients may send them."""
    rows = [
        *sampled({"a": 1}, [{"a": 1}]),
        *sampled({"instances": [{"a": 2}]}, [{"a": 2}]),
    ]
    assert feature_places(rows, ["a"]) == {"a": [("a",), ("instances", ROW, "a")]}


def test_the_search_is_bounded():
    """A body with ten thousand objects is not searched to its end."""
    body = {f"k{n}": {"a": n} for n in range(10_000)}
    assert feature_places(sampled(body, [{"b": 5}]), ["b"]) == {}
