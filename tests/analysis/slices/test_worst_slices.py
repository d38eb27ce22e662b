"""The worst slices of some rows: planted ones are reported, chance ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.slices.error_rows import ErrorRows
from modeltap.analysis.slices.worst_slices import in_first_half, worst_slices
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction

ROWS = 10_000


def rows_of(errors, columns, *, binary=True):
    stored = [LabelledPrediction(0, 0, exchange_id=f"r{n}") for n in range(len(errors))]
    return ErrorRows(stored, np.asarray(errors, dtype=float), binary=binary, columns=columns)


def planted(seed, *, binary=True, times=3.0, rows=ROWS):
    """Return rows with an error of three times the others' in 3 % of them, by two features."""
    rng = np.random.default_rng(seed)
    columns = {f"x{n}": rng.normal(size=rows).tolist() for n in range(5)}
    columns |= {f"c{n}": rng.choice(list("abcde"), rows).tolist() for n in range(3)}
    mask = (np.array(columns["c0"]) == "a") & (np.array(columns["x0"]) > 1.0364)  # 15 % of them
    scale = np.where(mask, times, 1.0)
    errors = rng.random(rows) < 0.1 * scale if binary else np.abs(rng.normal(size=rows)) * scale
    return rows_of(errors, columns, binary=binary), mask


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_planted_slice_is_the_first(seed, binary):
    rows, mask = planted(seed, binary=binary)
    first = worst_slices(rows, Settings()).slices[0]
    assert first.name.startswith("x0 >= ") and first.name.endswith("and c0 = a")
    own = {row.exchange_id for row in first.rows}
    meant = {f"r{n}" for n in np.flatnonzero(mask)}
    assert len(own & meant) > 0.5 * len(own | meant)
    assert 2 < first.error.lift < 4 and first.error.p_value < 0.001
    assert set(first.examples) <= own and len(first.examples) == 5
    assert first.error.low < first.error.value < first.error.high


def test_without_a_slice_none_is_reported():
    reports = [worst_slices(planted(seed, times=1.0)[0], Settings()) for seed in range(12)]
    assert [report.slices for report in reports] == [[]] * 12
    text = reports[0].outcome
    assert text.startswith("no slice has a larger error than the other rows beyond chance (")
    assert text.endswith(" slices of 8 columns tested in 10,000 labelled rows)")


def test_the_numbers_are_those_of_the_held_out_half():
    rows, _ = planted(0)
    first = worst_slices(rows, Settings()).slices[0]
    is_first = in_first_half(rows.keys)
    number = {row.exchange_id: at for at, row in enumerate(rows.rows)}
    own = [number[row.exchange_id] for row in first.rows]
    halves = [[at for at in own if is_first[at] == part] for part in (True, False)]
    shown = [(len(half), rows.errors[half].mean()) for half in halves]
    assert (first.error.rows, first.error.value) in shown
    assert first.fraction == len(own) / ROWS
    assert first.wrong == rows.errors[own].sum()


def test_halves_are_random_even_for_ids_in_order():
    keys = [(f"r{n}", row) for n in range(2000) for row in range(2)]
    first = in_first_half(keys)
    assert 0.47 < first.mean() < 0.53
    assert 0.47 < (first[::2] == first[1::2]).mean() < 0.53
    assert first.tolist() == in_first_half(keys).tolist()
    for step in (2, 10, 100):
        parts = [first[start::step].mean() for start in range(step)]
        assert max(parts) - min(parts) < 0.8


def test_a_part_of_a_slice_is_not_another_one():
    rows, _ = planted(1)
    names = [own.name for own in worst_slices(rows, Settings()).slices]
    assert len(names) == 1


@pytest.mark.parametrize(
    ("errors", "columns", "reason"),
    [
        ([], {}, "0 labelled rows, and a search needs 100"),
        ([0, 1] * 20, {"x": [1, 2] * 20}, "40 labelled rows, and a search needs 100"),
        ([1] * 200, {"x": [1, 2] * 100}, "all 200 labelled rows are wrong"),
        ([0] * 200, {"x": [1, 2] * 100}, "all 200 labelled rows are predicted correctly"),
        ([0, 1] * 100, {}, "the labelled rows have no features"),
        ([0, 1] * 100, {"c": ["a"] * 200}, "no feature to search (c: a single value)"),
        ([0, 1] * 100, {"prediction": [0, 1] * 100}, "no feature to search"),
        ([0, 1] * 100, {"m": ["[masked]"] * 200}, "no feature to search (m: masked in all rows)"),
    ],
)
def test_rows_that_cannot_be_searched_have_a_reason(errors, columns, reason):
    report = worst_slices(rows_of(errors, columns), Settings())
    assert report.slices == () and report.outcome.startswith(reason)


def test_equal_absolute_errors_have_a_reason():
    rows = rows_of([2.5] * 200, {"x": [1, 2] * 100}, binary=False)
    assert worst_slices(rows, Settings()).reason == "the errors of all 200 labelled rows are equal"


def test_many_features_are_searched_by_their_single_conditions():
    rng = np.random.default_rng(5)
    columns = {f"x{n}": rng.normal(size=600).tolist() for n in range(400)}
    columns["c"] = rng.choice(list("ab"), 600).tolist()
    errors = rng.random(600) < np.where(np.array(columns["c"]) == "a", 0.6, 0.05)
    report = worst_slices(rows_of(errors, columns), Settings())
    assert report.slices[0].name == "c = a"
    assert (report.columns, report.left_out) == (50, 351)


def test_sensitivity_is_the_level():
    rows, _ = planted(2, times=1.9, rows=4000)
    p = [
        [
            own.error.p_value
            for own in worst_slices(rows, sources.load({"sensitivity": s}, environ={})).slices
        ]
        for s in ("low", "high")
    ]
    assert all(value <= 0.001 for value in p[0]) and all(value <= 0.05 for value in p[1])
    assert len(p[0]) <= len(p[1])


def test_a_condition_that_leaves_out_bad_rows_is_dropped():
    """A third condition that trims a few rows by chance would be one of every fifty slices."""
    rows, _ = planted(3, binary=False, times=4.0)
    report = worst_slices(rows, Settings())
    assert len(report.slices) == 1 and len(report.slices[0].conditions) == 2
