"""Day types: days that clearly differ from the rest, without false detections."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.model.local_times import local_times
from modeltap.analysis.references.fit import fit
from modeltap.analysis.statistics.day_types import ALIKE, cells, types_of
from modeltap.config.settings import FeatureSettings
from rhythms import DAY, HOUR, MONDAY, learnt_week


def test_a_holiday_has_the_type_of_the_days_that_differ():
    times = local_times([MONDAY, MONDAY + DAY, MONDAY + 5 * DAY], "UTC")
    weekend = (0, 0, 0, 0, 0, 1, 1)
    assert types_of(times, weekend, ()).tolist() == [0, 0, 1]
    assert types_of(times, weekend, ("2026-01-06",)).tolist() == [0, 1, 1]
    assert types_of(times, ALIKE, ("2026-01-06",)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("days", [(5, 6), (4, 5), (3, 4)])
@pytest.mark.parametrize("wave", [0.0, 0.4])
def test_a_weekend_is_learnt_from_a_week(days, wave):
    types = learnt_week(weekend=0.3, days=days, wave=wave).reference.day_types
    assert types == tuple(int(day in days) for day in range(7))


def test_a_single_day_is_learnt_from_two_dates():
    week = learnt_week(weekend=0.5, days=(6,)).reference
    assert week.day_types == ALIKE, "one date may be an accident"
    two = learnt_week(weekend=0.5, days=(6,), hours=336).reference
    assert two.day_types == (0, 0, 0, 0, 0, 0, 1)


def test_days_that_differ_by_chance_are_alike():
    """Without a weekend, but with a random level for each day."""
    types = [learnt_week(rows=40, seed=seed).reference.day_types for seed in range(20)]
    assert types.count(ALIKE) >= 19


def test_a_week_seen_from_another_zone_has_the_same_weekend():
    """The rows follow Tokyo time."""
    from modeltap.config.settings import Settings
    from rhythms import hour_rows, joined, learnt_from

    rng = np.random.default_rng(3)
    parts = []
    for number in range(168):
        columns, times = hour_rows(rng, MONDAY + HOUR * number, 100, weekend=0.4)
        parts.append((columns, times - 9 * HOUR))
    learnt = learnt_from(*joined(parts), Settings(timezone="Asia/Tokyo"))
    assert learnt.reference.day_types == (0, 0, 0, 0, 0, 1, 1)


@pytest.mark.parametrize("texts", [[None] * 9, [f"w{n}" for n in range(9)]])
def test_texts_without_repeated_words_have_one_cell(texts):
    """There is no word to compare, and freezing a reference with such a column must not fail."""
    declared = {"t": FeatureSettings(type="text")}
    feature = fit({"t": texts}, len(texts), model="m", declared=declared).by_name["t.words"]
    assert cells(feature, np.array([feature.counts, feature.counts])).shape == (2, 1)
