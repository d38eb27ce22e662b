"""The search: planted slices of one, two and three conditions, without superfluous ones."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.slices import slice_search
from modeltap.analysis.slices.slice_columns import in_bins
from modeltap.analysis.slices.slice_search import strongest, worst
from modeltap.config.settings import Settings

ROWS = 20_000


def table(seed=0, rows=ROWS):
    rng = np.random.default_rng(seed)
    columns = {f"x{n}": rng.normal(size=rows) for n in range(4)}
    columns |= {f"c{n}": rng.choice(list("abcde"), rows).tolist() for n in range(3)}
    return rng, columns


def errors_where(rng, mask, base=0.1, times=3.0):
    return (rng.random(len(mask)) < np.where(mask, base * times, base)).astype(float)


def search(columns, errors):
    binned = in_bins(columns, len(errors), Settings()).columns
    candidates = worst(binned, np.arange(len(errors)), errors)
    return [
        " and ".join(str(binned[term.column].conditions[term.condition]) for term in own.terms)
        for own in candidates
    ]


def test_a_planted_condition_needs_no_second_one():
    rng, columns = table()
    errors = errors_where(rng, np.array(columns["c1"]) == "b")
    assert search(columns, errors)[0] == "c1 = b"


def test_two_conditions():
    rng, columns = table()
    mask = (np.array(columns["c1"]) == "b") & (columns["x2"] > np.quantile(columns["x2"], 0.8))
    first = search(columns, errors_where(rng, mask))[0]
    assert first.startswith("x2 >= ") and first.endswith(" and c1 = b")


def test_three_conditions():
    rng, columns = table()
    mask = (np.array(columns["c1"]) == "b") & (np.array(columns["c2"]) == "d") & (columns["x0"] > 0)
    first = search(columns, errors_where(rng, mask, times=5))[0]
    assert first.startswith("x0 >= ") and first.endswith("c1 = b and c2 = d")


def test_absolute_errors():
    rng, columns = table()
    mask = (np.array(columns["c1"]) == "b") & (np.array(columns["c2"]) == "d")
    errors = np.abs(rng.normal(size=ROWS)) * np.where(mask, 3, 1)
    assert search(columns, errors)[0] == "c1 = b and c2 = d"


def test_two_planted_slices_are_both_searched():
    rng, columns = table()
    mask = (np.array(columns["c1"]) == "b") | (np.array(columns["c0"]) == "a")
    assert {"c1 = b", "c0 = a"} <= set(search(columns, errors_where(rng, mask)))


@pytest.mark.parametrize("errors", [np.zeros(500), np.ones(500), np.zeros(0)])
def test_equal_errors_have_no_slice(errors):
    _, columns = table(rows=len(errors) or 1)
    binned = in_bins(columns, len(errors) or 1, Settings()).columns
    assert worst(binned, np.arange(len(errors)), errors) == []


def test_the_strongest_of_many_columns_are_searched(monkeypatch):
    monkeypatch.setattr(slice_search, "MOST_COLUMNS", 3)
    rng, columns = table()
    errors = errors_where(rng, np.array(columns["c1"]) == "b")
    binned = in_bins(columns, ROWS, Settings()).columns
    kept = [column.name for column in strongest(binned, np.arange(ROWS), errors)]
    assert len(kept) == 3 and "c1" in kept
