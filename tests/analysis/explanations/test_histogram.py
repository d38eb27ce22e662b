"""Histograms: fractions of all rows, with a label for each bin."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.explanations.histogram import distribution
from modeltap.analysis.model.reference import layout
from modeltap.analysis.references.fit import fit


def histogram(then, now):
    reference = fit({"f": then}, len(then), model="m")
    counted = tally({"f": now}, len(now), reference).counts[layout(reference)["f"]]
    return distribution(reference.features[0], counted)


def test_fractions_include_missing_values():
    """They add up to 1 on each side."""
    rng = np.random.default_rng(1)
    parts = histogram(rng.normal(size=2000), [*rng.normal(3, 1, size=300).tolist(), *[None] * 100])
    assert sum(part.reference for part in parts) == pytest.approx(1)
    assert sum(part.window for part in parts) == pytest.approx(1)
    assert [part.window for part in parts if part.label == "missing"] == [0.25]
    assert all(" to " in part.label for part in parts[:5])
    assert "and more" in parts[-2].label and parts[-2].reference == 0 < parts[-2].window


def test_categories_are_labels_and_rare_ones_share_one():
    """Bins without rows on both sides are omitted."""
    parts = histogram(["a"] * 60 + ["b"] * 40, ["a"] * 5 + ["new"] * 5)
    labels = {part.label: (part.reference, part.window) for part in parts}
    assert labels["a"] == (0.6, 0.5) and labels["b"] == (0.4, 0.0)
    assert sum(window for _, window in labels.values()) == pytest.approx(1)
    assert all(reference or window for reference, window in labels.values())
