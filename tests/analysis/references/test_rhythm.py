"""The rhythm: each window is compared with rows of its own hours and days."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.model.reference import MIN_BLOCKS
from modeltap.analysis.references.rhythm import (
    Rhythm,
    blocks_for,
    pack_blocks,
    stored_rhythm,
    unpack_blocks,
)
from modeltap.config.windows import Window
from modeltap.store.connection import connect, writing
from modeltap.store.references import save_blocks
from rhythms import DAY, HOUR, MONDAY, learnt_week

WEEK = 7 * DAY


@pytest.fixture(scope="module")
def shop():
    """A week with a daily wave and a weekend."""
    return learnt_week(wave=0.4, weekend=0.3)


def hours_of(rhythm, *hours, day=0):
    """The blocks that a window of these hours of a day is compared with, as (weekday, hour)."""
    start = MONDAY + WEEK + day * DAY
    spans = [(start + hour * HOUR, start + (hour + 1) * HOUR) for hour in hours]
    members = np.flatnonzero(rhythm.group(rhythm.keys_of(spans)))
    return {divmod(int((rhythm.blocks.starts[at] - MONDAY) // HOUR), 24) for at in members}


def test_only_features_with_a_rhythm_are_compared_by_hour(shop):
    flags = {feature.name: feature.rhythm for feature in shop.reference.features}
    assert flags == {"wavy": True, "flat": False, "word": False}
    result = Rhythm(shop.reference, shop.blocks).compared([(MONDAY + WEEK, MONDAY + WEEK + HOUR)])
    whole = shop.reference
    assert sum(result.by_name["wavy"].counts) < sum(whole.by_name["wavy"].counts) / 10
    assert result.by_name["flat"] == whole.by_name["flat"]
    assert result.id == whole.id and result.by_name["wavy"].edges == whole.by_name["wavy"].edges


def test_a_weekday_has_five_blocks_of_its_hour_and_a_weekend_its_neighbours(shop):
    rhythm = Rhythm(shop.reference, shop.blocks)
    assert hours_of(rhythm, 3) == {(day, 3) for day in range(5)}
    weekend = {(day, hour) for day in (5, 6) for hour in (2, 3, 4)}
    assert hours_of(rhythm, 3, day=5) == weekend
    assert hours_of(rhythm, 0, day=6) == {(day, hour) for day in (5, 6) for hour in (23, 0, 1)}


def test_a_window_of_several_hours_has_the_rows_of_all_of_them(shop):
    rhythm = Rhythm(shop.reference, shop.blocks)
    assert hours_of(rhythm, 2, 3, 4) == {(day, hour) for day in range(5) for hour in (2, 3, 4)}


def test_a_row_window_has_the_hours_of_its_first_and_last_row(shop):
    """Also if all of them arrived at one moment."""
    rhythm = Rhythm(shop.reference, shop.blocks)
    start = MONDAY + WEEK + 10 * HOUR
    for begin, length, hours in ((0, 0, {10}), (3000, 1200, {10, 11}), (3000, 4000, {10, 11})):
        keys = rhythm.keys_of([(start + begin, start + begin + length)])
        assert {key.hour for key in keys} == hours


def test_a_holiday_is_compared_with_weekends(shop):
    rhythm = Rhythm(shop.reference, shop.blocks, ("2026-01-12",))
    assert hours_of(rhythm, 3) == hours_of(rhythm, 3, day=5) != hours_of(rhythm, 3, day=1)


@pytest.mark.parametrize("hours", [1, 3, 5, 10, 30])
def test_windows_of_a_short_reference_have_enough_blocks(hours):
    result = learnt_week(hours=hours, wave=1.0)
    rhythm = Rhythm(result.reference, result.blocks)
    for hour in range(24):
        assert len(hours_of(rhythm, hour)) >= min(MIN_BLOCKS, hours)


def test_days_are_compared_with_days_of_their_type(shop):
    """Two days of a weekend are enough; types exist to avoid pooling them with the others."""
    rhythm = Rhythm(shop.reference, blocks_for(shop.blocks, Window.parse("1d")))
    assert len(rhythm.blocks) == 7

    def compared(day):
        start = MONDAY + WEEK + day * DAY
        return np.flatnonzero(rhythm.group(rhythm.keys_of([(start, start + DAY)]))).tolist()

    assert compared(0) == [0, 1, 2, 3, 4] and compared(6) == [5, 6]


def test_few_similar_days_are_counted(shop):
    """A first week has five working days, one weekend, and no partial days."""
    reference, blocks = shop.reference, shop.blocks
    rhythm = Rhythm(reference, blocks_for(blocks, Window.parse("1d")))
    wednesday, saturday = MONDAY + 2 * DAY, MONDAY + 5 * DAY
    assert rhythm.known([(wednesday, wednesday + DAY)]) == 5
    assert rhythm.known([(saturday, saturday + DAY)]) == 2
    assert rhythm.known([(wednesday, wednesday + DAY), (saturday, saturday + DAY)]) == 2
    assert rhythm.known([(wednesday + 10 * HOUR, wednesday + DAY)]) == 0
    hourly = Rhythm(reference, blocks)
    assert hourly.known([(wednesday, wednesday + HOUR)]) >= 4


def test_a_week_of_windows_has_all_days(shop):
    rhythm = Rhythm(shop.reference, blocks_for(shop.blocks, Window.parse("1d")))
    assert rhythm.group(rhythm.keys_of([(MONDAY + WEEK, MONDAY + 2 * WEEK)])).all()


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_rhythm(seed):
    result = learnt_week(rows=60, seed=seed).reference
    assert not any(feature.rhythm for feature in result.features)


def test_a_peak_of_one_hour_is_a_rhythm():
    """A nightly batch, which coarse parts of the day hardly show."""
    from modeltap.config.settings import Settings
    from rhythms import hour_rows, joined, learnt_from

    rng = np.random.default_rng(5)
    parts = []
    for number in range(168):
        columns, times = hour_rows(rng, MONDAY + HOUR * number, 100)
        columns["flat"] = columns["flat"] + 1.0 * (number % 24 == 3)
        parts.append((columns, times))
    result = learnt_from(*joined(parts), Settings()).reference
    assert result.by_name["flat"].rhythm and not result.by_name["wavy"].rhythm


def test_blocks_come_back_from_the_store(shop, store):
    with closing(connect(store)) as connection:
        with writing(connection):
            save_blocks(connection, shop.reference.id, pack_blocks(shop.blocks))
        result = stored_rhythm(connection, shop.reference, "1h").blocks
        days = stored_rhythm(connection, shop.reference, "1d").blocks
    for name in ("starts", "ends", "rows", "counts"):
        assert np.array_equal(getattr(result, name), getattr(shop.blocks, name))
    assert len(days) == 7 and days.rows.sum() == shop.reference.rows


def test_a_reference_without_blocks_is_compared_unchanged(shop):
    empty = unpack_blocks([], shop.reference)
    assert len(empty) == 0 and not empty.days_or_more
    rhythm = Rhythm(shop.reference, blocks_for(empty, Window.parse("1d")))
    assert rhythm.compared([(MONDAY, MONDAY + DAY)]) is shop.reference


def test_a_rhythm_covers_the_hours_of_its_blocks(shop):
    """Not a night without rows, and not days, whose hours are unknown."""
    rhythm = Rhythm(shop.reference, shop.blocks)
    assert rhythm.covered == frozenset(range(168))
    awake = Rhythm(shop.reference, shop.blocks.picked(np.flatnonzero(rhythm.hours >= 6)))
    assert awake.covered == frozenset(hour for hour in range(168) if hour % 24 >= 6)
    assert Rhythm(shop.reference, shop.blocks.picked(np.zeros(0, dtype=int))).covered is None
    days = shop.blocks.joined(np.arange(len(shop.blocks)) // 24)
    assert Rhythm(shop.reference, days).covered is None
