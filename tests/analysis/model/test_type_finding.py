"""Findings about types: numbers sent as texts, and values that are not numbers."""

from __future__ import annotations

from modeltap.analysis.model.type_finding import type_finding
from modeltap.analysis.references.fit import fit


def finding(column):
    return type_finding(fit({"x": column}, len(column), model="m").features[0])


def test_unusual_types_are_reported_with_their_fraction():
    """And not if all values have one type."""
    numbers = [n + 0.5 for n in range(80)]
    assert finding(numbers) is None
    texts = finding([*numbers, *map(str, numbers[:20])])
    assert texts is not None and texts.startswith("x: 20 % of the reference's values are numbers")
    others = finding([*numbers, *["?"] * 20])
    assert others is not None and "x: 20 % of the reference's values are not numbers" in others
