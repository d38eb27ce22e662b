"""Columns that no test compares: kinds of values and places, each with a reason and a fix."""

from __future__ import annotations

import random

import pytest

from coverage_cases import by_subject, covered, fill
from modeltap.config.settings import FeatureSettings

KINDS = {
    "ids": (lambda n: f"user-{n:05}", "treated as an id", "categorical"),
    "rising numbers": (lambda n: 1000 + n, "treated as an id", None),
    "masked": (lambda n: "[masked]", "masked in all rows", None),
    "missing": (lambda n: None, "all values were missing", None),
    "mixed": (lambda n: n % 7 if n % 2 else [1, 2], "values of several types", None),
    "grids": (lambda n: [[1, 2], [n % 3]], "lists of lists", None),
}
"""Values of row n, the reason, and the type that is proposed."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
def test_a_column_that_is_not_tested_is_named_with_its_reason(store, kind, nested):
    values, reason, proposed = KINDS[kind]
    rows = [{"x": random.Random(n).gauss(), "odd": values(n)} for n in range(300)]
    name = "inner.odd" if nested else "odd"
    fill(store, [{"x": row["x"], "inner": {"odd": row["odd"]}} if nested else row for row in rows])
    found = covered(store)
    one = by_subject(found, "features")[name]
    assert reason in one.reason and one.level == "note" and not one.is_tested
    assert (one.count, one.total) == (1, 2) and found.tested == 1
    if proposed is not None:
        key = f'"{name}"' if nested else name
        assert f'[models.m.features.{key}] type = "{proposed}"' in one.fix


def test_the_proposed_type_is_one_that_is_tested(store):
    """The proposed setting works."""
    rows = [{"x": random.Random(n).gauss(), "odd": f"user-{n}"} for n in range(300)]
    fill(store, rows, features={"odd": {"type": "categorical"}})
    assert covered(store).untested == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (lambda n: 5, "constant"),
        (lambda n: "same", "constant"),
        (lambda n: True, "constant"),
        (lambda n: f"c{n * n % 997}", "too many categories"),
    ],
)
def test_a_column_with_limits_is_tested_and_named(store, values, reason):
    fill(
        store,
        [{"x": n * 7919 % 100, "odd": values(n)} for n in range(3000)],
        reference="first 2500 rows",
    )
    found = covered(store)
    one = by_subject(found, "features")["odd"]
    assert reason in one.reason and one.is_tested and one.level == "note"
    assert found.tested == found.columns == 2


def test_columns_beyond_the_limit_are_named(store):
    rows = [{f"c{place}": (n + place) % 9 for place in range(6)} for n in range(300)]
    fill(store, rows, max_features=4)
    found = [
        one for one in covered(store).unmonitored if one.check == "features" and not one.is_tested
    ]
    assert {one.subject for one in found} == {"c4", "c5"}
    assert all("max_features = 6" in one.fix for one in found)


def test_a_declared_id_is_a_note_without_a_fix(store):
    rows = [{"x": n % 9, "odd": n % 5} for n in range(300)]
    fill(store, rows, features={"odd": {"type": "id"}})
    found = covered(store, features={"odd": FeatureSettings(type="id")})
    one = by_subject(found, "features")["odd"]
    assert (one.reason, one.fix) == ("declared as an id", None)
