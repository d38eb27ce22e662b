"""Duplicates from an additive sample of hashes: exact for few rows, accurate for many."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.analysis.counting.row_sketch import (
    NO_REPEATS,
    Repeats,
    expected_rate,
    hashed_categories,
    hashed_numbers,
    mixed,
)

KEYS = st.lists(st.integers(0, 40), max_size=60).map(lambda keys: np.array(keys, dtype=np.uint64))


def same(part, other):
    return (part.keys == other.keys).all() and (part.counts == other.counts).all()


@given(KEYS, KEYS)
def test_samples_of_parts_add_to_the_sample_of_all_rows(a, b):
    whole = Repeats.of(np.concatenate([a, b]))
    assert same(Repeats.of(a) + Repeats.of(b), whole)
    assert same(whole + NO_REPEATS, whole)
    assert whole.rows == len(a) + len(b)
    rows = max(1, whole.rows)
    assert whole.rate == pytest.approx(1 - len(whole.keys) / rows if whole.rows else 0)


@given(KEYS)
def test_a_packed_record_is_unpacked(keys):
    made = Repeats.of(keys)
    assert same(Repeats.unpack(made.pack()), made)


def test_large_windows_add_and_their_rate_is_accurate_to_two_points():
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


def test_rows_are_equal_if_all_their_values_are():
    def row(x, c):
        return mixed(hashed_numbers("x", np.array([x])) + hashed_categories("c", [c]))[0]

    assert row(0.0, "a") == row(-0.0, "a") and row(np.nan, None) == row(-np.nan, None)
    different = {row(1.0, "a"), row(2.0, "a"), row(1.0, "b"), row(1.0, None), row(1.0, 0)}
    assert len(different) == 5
    assert hashed_numbers("x", np.ones(1)) != hashed_numbers("y", np.ones(1))


ROWS = 50_000

KINDS = {
    "none": lambda rng, n: np.arange(n) * 1.0,
    "all twice": lambda rng, n: np.arange(n) // 2 * 1.0,
    "one row in a sixth": lambda rng, n: np.where(rng.random(n) < 1 / 6, 0.0, rng.normal(size=n)),
    "one row in a hundredth": lambda rng, n: np.where(
        rng.random(n) < 0.01, 0.0, rng.normal(size=n)
    ),
    "one row in nine of ten": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.normal(size=n)),
    "hundred rows in a half": lambda rng, n: np.where(
        rng.random(n) < 0.5, rng.integers(0, 100, n), rng.normal(size=n)
    ),
    "sparse": lambda rng, n: (rng.random((n, 30)) < 0.1) @ 2.0 ** np.arange(30),
    "Zipf": lambda rng, n: rng.zipf(1.5, size=n) * 1.0,
    "of 300": lambda rng, n: rng.integers(0, 300, n) * 1.0,
    "of 20,000": lambda rng, n: rng.integers(0, 20_000, n) * 1.0,
}


def keys_of(values):
    return mixed(hashed_numbers("x", np.asarray(values, dtype=np.float64)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_rate_is_exact_within_its_error(kind, seed):
    """Within a point, or four of the standard errors that the sketch states."""
    values = KINDS[kind](np.random.default_rng(seed), ROWS)
    repeats = Repeats.of(keys_of(values + seed / 8))
    truth = 1 - len(np.unique(values)) / ROWS
    assert abs(repeats.rate - truth) < 0.01 + 4 * repeats.error
    assert repeats.error < 0.03


@pytest.mark.parametrize("kind", ["none", "all twice", "one row in a sixth", "of 300"])
def test_the_rate_of_even_repeats_is_accurate_to_a_point(kind):
    values = KINDS[kind](np.random.default_rng(9), ROWS)
    truth = 1 - len(np.unique(values)) / ROWS
    assert abs(Repeats.of(keys_of(values)).rate - truth) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_of_parts_is_the_whole(kind):
    """For any split and order of the rows, stored in between or not; of bounded size."""
    rng = np.random.default_rng(1)
    keys = keys_of(KINDS[kind](rng, 20_000))
    whole = Repeats.of(keys)
    cuts = np.sort(rng.integers(0, len(keys), 7))
    parts = [Repeats.unpack(Repeats.of(part).pack()) for part in np.split(keys, cuts)]
    total = parts[3]
    for place in (5, 0, 7, 1, 2, 6, 4):
        total = total + parts[place]
    for name in ("keys", "counts", "parts"):
        assert np.array_equal(getattr(total, name), getattr(whole, name))
    assert total.rows == 20_000 and total.rate == whole.rate
    assert len(zlib.decompress(total.pack())) <= 8 * (1 + 512 * 3)


def test_few_rows_are_counted_exactly():
    repeats = Repeats.of(keys_of([1, 2, 2, 3, 3, 3] * 50))
    assert (repeats.rate, repeats.error) == (1 - 3 / 300, 0.0)
    assert Repeats.of(keys_of([])).rate == 0.0


def test_rows_of_zeros_or_missing_values_have_ordinary_hashes():
    for key in (keys_of([0.0])[0], mixed(hashed_categories("c", [None]))[0], keys_of([np.nan])[0]):
        assert int(key) > 2**56


def test_rows_of_small_whole_numbers_do_not_collide():
    """A hundred thousand distinct rows of six columns."""
    rng = np.random.default_rng(2)
    rows = np.unique(rng.integers(0, 100, (100_000, 6)), axis=0)
    sums = np.zeros(len(rows), dtype=np.uint64)
    for place in range(6):
        sums += hashed_numbers(f"x{place}", rows[:, place].astype(np.float64))
    assert len(np.unique(mixed(sums))) == len(rows)


def test_sketches_of_earlier_versions_are_read():
    """They have only keys and counts."""
    keys, counts = np.array([5, 9], dtype="<u8"), np.array([1, 3], dtype="<i8")
    old = Repeats.unpack(zlib.compress(keys.tobytes() + counts.tobytes()))
    assert (old.rows, old.rate) == (4, 0.5)
    assert (old + Repeats.of(np.array([9], dtype=np.uint64))).counts.tolist() == [1, 4]


@pytest.mark.parametrize("pool", [500, 2000, 20_000])
@pytest.mark.parametrize("more", [1, 2, 5])
def test_repeats_are_expected_at_other_sizes(pool, more):
    """Of rows drawn from so many, up to five times as many as the reference has.

    What the reference has not seen is known from below: the expected rate may be too high.
    """
    rng = np.random.default_rng(pool)
    _, times = np.unique(rng.integers(0, pool, 2000), return_counts=True)
    sizes, different = np.unique(times, return_counts=True)
    known = dict(zip(sizes.tolist(), different.tolist(), strict=True))
    truth = 1 - len(np.unique(rng.integers(0, pool, 2000 * more))) / (2000 * more)
    assert expected_rate(known, 2000 * more) == pytest.approx(truth, abs=0.03)
