"""A group of errors as a row: equal names for all kinds."""

from __future__ import annotations

import json

from modeltap.analysis.failures.error_group import ErrorGroup


def test_all_kinds_have_the_same_names():
    rows = [
        ErrorGroup(kind="prediction", count=3, predicted="a", label="b").row(),
        ErrorGroup(kind="request", count=1, status=500, examples=("id",)).row(),
    ]
    assert rows[0].keys() == rows[1].keys()
    assert json.loads(json.dumps(rows[1]))["examples"] == ["id"]
