"""Wrong predictions in groups."""

from __future__ import annotations

import numpy as np

from modeltap.analysis.failures.wrong_predictions import prediction_groups
from modeltap.analysis.slices.error_rows import ErrorRows, error_rows
from modeltap.analysis.slices.worst_slices import SliceReport, worst_slices
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction


def rows_of(pairs, columns=None):
    stored = [
        LabelledPrediction(p, label, f"2024-01-01T00:{n % 60:02d}:00.000Z", None, f"r{n}")
        for n, (p, label) in enumerate(pairs)
    ]
    own = error_rows(stored, Settings(), None)
    return ErrorRows(own.rows, own.errors, own.predicted, own.true, own.binary, columns or {})


def test_pairs_of_classes_by_frequency():
    rows = rows_of([("a", "b")] * 2 + [("b", "a")] * 3 + [("a", "a"), ("b", "b")])
    groups = prediction_groups(rows, SliceReport(7))
    assert [(g.predicted, g.label, g.count, g.fraction) for g in groups] == [
        ("b", "a", 3, 0.6),
        ("a", "b", 2, 0.4),
    ]
    assert groups[0].examples == ["r2", "r3", "r4"]
    assert groups[0].first_at < groups[0].last_at


def test_numbers_without_an_error_are_not_errors():
    rows = rows_of([(1.5, 1.5), (2.5, 4.25), (30.5, 3.5)])
    groups = prediction_groups(rows, SliceReport(3))
    assert [(g.type, g.error) for g in groups] == [("large_error", 27.0), ("large_error", 1.75)]


def test_slices_follow():
    rng = np.random.default_rng(0)
    column = rng.choice(list("abc"), 2000).tolist()
    wrong = rng.random(2000) < np.where(np.array(column) == "a", 0.5, 0.05)
    rows = rows_of([("n", "y" if own else "n") for own in wrong], {"c": column})
    group = prediction_groups(rows, worst_slices(rows, Settings()))[-1]
    assert (group.type, group.slice) == ("slice", "c = a")
    assert group.count == sum(own and c == "a" for own, c in zip(wrong, column, strict=True))
