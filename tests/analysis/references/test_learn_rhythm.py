"""Learning of a rhythm: blocks add up to the reference, and noise does not raise the baseline."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.learn_rhythm import block_labels, drift_window_of, kept_rows
from modeltap.analysis.references.variation import with_block_baselines
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from rhythms import DAY, HOUR, MONDAY, hour_rows, joined, learnt_from, learnt_week

FLOOR = 0.03


def threshold(feature):
    usual = feature.baseline_distance
    return max(FLOOR, usual + 0.25 * usual * (1 - usual))


def test_blocks_add_up_to_the_reference():
    """Also if one half of the rows chose the words and the other is counted."""
    rng = np.random.default_rng(0)
    rows = 3000
    columns = {
        "x": rng.normal(size=rows).tolist(),
        "many": [f"w{code}" for code in rng.integers(0, 400, size=rows)],
        "text": [" ".join(rng.choice(["red", "green", "blue", "old"], 6)) for _ in range(rows)],
    }
    times = MONDAY + np.sort(rng.random(rows)) * 2 * DAY
    learnt = learnt_from(columns, times, Settings())
    whole = [count for feature in learnt.reference.features for count in feature.counts]
    assert learnt.reference.by_name["many"].halved
    assert learnt.blocks.counts.sum(axis=0).tolist() == whole
    assert learnt.blocks.rows.sum() == rows and len(learnt.blocks) == 48


def test_ten_hours_of_noise_leave_the_floor():
    result = [
        threshold(feature)
        for seed in range(20)
        for feature in learnt_week(rows=200, hours=10, seed=seed).reference.features
    ]
    assert np.mean(np.array(result) == FLOOR) > 0.7 and np.mean(result) < 0.04


def test_a_creep_that_all_windows_share_is_a_baseline():
    """A twentieth of a deviation per day, compared with the seven days before; no cell shows it."""
    rng = np.random.default_rng(2)
    days = [{"x": rng.normal(0.05 * day, 1, size=288).tolist()} for day in range(21)]
    reference = fit(days[0], 288, model="m")
    tallies = [tally(day, 288, reference) for day in days]
    rests = [np.sum([part.counts for part in tallies[n - 7 : n]], axis=0) for n in range(7, 21)]
    (feature,) = with_block_baselines(reference, tallies[7:], rests).features
    # 0.2 deviations are a distance of 0.2 / sqrt(8 ln 2) = .085
    assert 0.05 < feature.baseline_distance < 0.15


def test_a_day_that_differs_is_a_baseline_if_hours_have_few_rows():
    """60 rows an hour: windows are merged to `min_rows`, and so are the blocks."""
    rng = np.random.default_rng(1)
    hours = [(n, 0.8 * (24 <= n < 48)) for n in range(168)]
    parts = []
    for number, shift in hours:
        columns, times = hour_rows(rng, MONDAY + HOUR * number, 60)
        columns["flat"] = columns["flat"] + shift
        parts.append((columns, times))
    learnt = learnt_from(*joined(parts), Settings(window="1h")).reference
    assert learnt.blocks == 84
    assert threshold(learnt.by_name["flat"]) > 0.2 > threshold(learnt.by_name["wavy"])


def test_a_rhythm_does_not_count_as_variation():
    """Compared with its own hours, a daily wave leaves almost no variation."""
    result = learnt_week(wave=0.5, rows=200).reference.by_name["wavy"]
    assert result.rhythm and threshold(result) < 0.06


@pytest.mark.parametrize(
    ("window", "rows", "expected"),
    [("auto", 99, "1d"), ("auto", 100, "1h"), ("1h", 5, "1h"), ("6h", 900, "6h"), ("7d", 5, "7d")],
)
def test_low_traffic_is_evaluated_by_day_unless_a_window_is_configured(window, rows, expected):
    """Nights count like any hour with rows; hours without rows do not count."""
    busy = np.repeat(MONDAY + HOUR * np.array([0, 1, 2, 30, 31]), rows) + 1.0
    assert drift_window_of(Settings(window=window), busy) == expected


@pytest.mark.parametrize("weeks", [1, 5, 6, 30, 104])
def test_a_long_reference_keeps_its_hours(weeks):
    """Those of some weeks: this limits memory and keeps the rhythm."""
    moments = MONDAY + HOUR * np.arange(168.0 * weeks) + 60
    kept = moments[kept_rows(moments, Window.parse("1h"))]
    labels = block_labels(kept, Window.parse("1h"))
    assert labels.max() < 1200 and (weeks > 5 or len(kept) == len(moments))
    hours = np.unique((kept - MONDAY) % (7 * DAY) // HOUR, return_counts=True)[1]
    assert len(hours) == 168 and hours.min() >= hours.max() - 1


@pytest.mark.parametrize("window", ["15m", "1h", "1d", "1 month", "300 rows", "50 rows"])
def test_blocks_are_numbered_in_order_of_time(window):
    moments = MONDAY + np.random.default_rng(2).random(2000) * 40 * DAY
    labels = block_labels(moments, Window.parse(window))
    ordered = labels[np.argsort(moments, kind="stable")]
    assert ordered[0] == 0 and set(np.diff(ordered)) <= {0, 1}
    assert ordered[-1] < 1000, "a bound on memory"


def test_row_windows_have_blocks_of_rows():
    """A reference that was imported within an hour also has some."""
    moments = MONDAY + np.arange(2000) * 0.1
    sizes = np.bincount(block_labels(moments, Window.parse("500 rows")))
    assert sizes.tolist() == [500] * 4
    learnt = learnt_week(rows=100, hours=40, settings=Settings(window="500 rows"))
    assert learnt.reference.blocks == 8
