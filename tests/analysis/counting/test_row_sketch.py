"""Duplicates from a sample of hashes: exact for few rows, close for many, and it adds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.counting.row_sketch import (
    NO_REPEATS,
    Repeats,
    expected_rate,
    hashed_numbers,
    hashed_words,
    mixed,
)

KEYS = st.lists(st.integers(0, 40), max_size=60).map(lambda keys: np.array(keys, dtype=np.uint64))


def same(one, other):
    return (one.keys == other.keys).all() and (one.counts == other.counts).all()


@given(KEYS, KEYS)
def test_samples_of_parts_add_to_that_of_the_whole(a, b):
    whole = Repeats.of(np.concatenate([a, b]))
    assert same(Repeats.of(a) + Repeats.of(b), whole)
    assert same(whole + NO_REPEATS, whole)
    assert whole.sampled == len(a) + len(b)
    rows = max(1, whole.sampled)
    assert whole.rate == pytest.approx(1 - len(whole.keys) / rows if whole.sampled else 0)


@given(KEYS)
def test_what_is_packed_is_unpacked(keys):
    made = Repeats.of(keys)
    assert same(Repeats.unpack(made.pack()), made)


def test_large_windows_add_and_their_rate_is_known_to_two_points():
    rng = np.random.default_rng(0)
    parts = [mixed(rng.integers(0, 20_000, size=10_000).astype(np.uint64)) for _ in range(3)]
    whole = np.concatenate(parts)
    added = Repeats.of(parts[0]) + Repeats.of(parts[1]) + Repeats.of(parts[2])
    assert same(added, Repeats.of(whole))
    exact = 1 - len(np.unique(whole)) / len(whole)
    assert added.rate == pytest.approx(exact, abs=0.04)
    assert Repeats.of(whole, everything=True).rate == pytest.approx(exact)


def test_the_expected_rate_is_that_of_rows_drawn_from_the_reference():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 300, size=1000)
    _, times = np.unique(rows, return_counts=True)
    came, different = np.unique(times, return_counts=True)
    multiplicities = dict(zip(came.tolist(), different.tolist(), strict=True))
    drawn = [1 - len(np.unique(rng.choice(rows, 200, replace=False))) / 200 for _ in range(200)]
    assert expected_rate(multiplicities, 200) == pytest.approx(np.mean(drawn), abs=0.01)
    rates = [expected_rate(multiplicities, count) for count in (0, 1, 10, 100, 1000, 10_000)]
    assert rates == sorted(rates) and rates[0] == rates[1] == 0 and rates[-1] <= 1
    assert expected_rate({}, 100) == 0


def test_rows_are_equal_where_all_their_values_are():
    def row(x, c):
        return mixed(hashed_numbers("x", np.array([x])) + hashed_words("c", [c]))[0]

    assert row(0.0, "a") == row(-0.0, "a") and row(np.nan, None) == row(-np.nan, None)
    different = {row(1.0, "a"), row(2.0, "a"), row(1.0, "b"), row(1.0, None), row(1.0, 0)}
    assert len(different) == 5
    assert hashed_numbers("x", np.ones(1)) != hashed_numbers("y", np.ones(1))
