"""Rows wait on disk in the parts in which they came, in a file that nobody else can open."""

from __future__ import annotations

import pytest

from modeltap.export.flattening import FlatRows
from modeltap.export.spool import spool_in

PARTS = [
    FlatRows({"id": ["a", "b"]}, {"x": [1, None], "y": [[1], {"z": 2**70}]}, {}, 2),
    FlatRows({"id": []}, {}, {"w": []}, 3),
    FlatRows({"id": ["c"]}, {"x": ["\ud800"]}, {}, 1),
]


@pytest.mark.parametrize("parts", [PARTS, []])
def test_parts_come_back_as_they_were_added(parts, tmp_path):
    """More than once, and they leave no file."""
    with spool_in(tmp_path) as spool:
        for part in parts:
            spool.add(part)
        assert list(spool) == list(spool) == parts
        assert list(tmp_path.iterdir()) == []
