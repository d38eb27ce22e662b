"""Roles of a table's columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files.table import Table
from modeltap.ingest.roles import choose_roles

TABLE = Table(Path("rows.csv"), columns=["id", "when", "x", "y", "prediction", "label", "score"])


def test_answers_are_found_by_their_names_and_the_rest_are_features():
    """An `id` is one only where somebody says so."""
    roles = choose_roles(TABLE, timestamp="when", ignore=["y"])
    assert (roles.prediction, roles.label, roles.score, roles.id) == (
        "prediction",
        "label",
        "score",
        None,
    )
    assert roles.features == ("id", "x")
    assert roles.time_of({"when": "1970-01-01T00:00:01Z"}) == 1.0
    assert roles.features_of({"x": 1, "y": 2}) == {"id": None, "x": 1}


def test_named_columns_win():
    roles = choose_roles(TABLE, prediction="y", features=["x"])
    assert roles.prediction == "y" and roles.features == ("x",)
    assert roles.time_of({"when": "1970-01-01"}) is None


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"timestamp": "wen"}, "--timestamp 'wen'.*'when'"),
        ({"features": ["z"]}, "--features 'z'"),
        ({"ignore": ["z"]}, "--ignore 'z'"),
        ({"ignore": ["id", "when", "x", "y"]}, "no column left"),
    ],
)
def test_what_is_not_there_is_one_line(said, part):
    with pytest.raises(InputError, match=part):
        choose_roles(TABLE, **said)
