"""Learning of a reference's rhythm: its blocks, the differences by hour and day, the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.counting.tally import Tally, tally
from modeltap.analysis.counting.window_starts import starts
from modeltap.analysis.detectors.drift import NEW_VALUE
from modeltap.analysis.model.blocks import Blocks, filled_up
from modeltap.analysis.model.feature import Column, Feature
from modeltap.analysis.model.halves import halves
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference, layout
from modeltap.analysis.references.rhythm import Rhythm, blocks_for, with_rhythm
from modeltap.analysis.references.variation import (
    Pairs,
    Variation,
    most_repeats,
    take_rows,
    variation,
)
from modeltap.analysis.statistics.day_types import learn_day_types
from modeltap.config.settings import Settings
from modeltap.config.windows import AUTO, Window

_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800

_MAX_BLOCKS = 1000
"""The most blocks, a limit on memory: some 30 megabytes for 25 columns.

Blocks of shorter windows are hours; of a longer reference, those of some weeks are kept.
"""


class Learnt(NamedTuple):
    """A reference that has its rhythm, and its blocks.

    `rhythm` is that of the drift windows, `windows` (n,) the window of each row, or -1 if its day
    is incomplete.
    """

    reference: Reference
    blocks: Blocks
    rhythm: Rhythm
    windows: np.ndarray


def drift_window_of(settings: Settings, moments: np.ndarray) -> str:
    """Return the windows, as `Window.text`, in which drift is evaluated.

    The configured ones; by default an hour, or a day if the median hour with traffic has fewer than
    `min_rows` of these (n,) moments.
    """
    if settings.window.strip() != AUTO:
        return Window.parse(settings.window).text
    known = moments[~np.isnan(moments)]
    _, rows = np.unique(known // _HOUR, return_counts=True)
    return "1d" if len(rows) and float(np.median(rows)) < settings.min_rows else "1h"


def learn_rhythm(
    reference: Reference,
    columns: Mapping[str, Column],
    moments: np.ndarray,
    settings: Settings,
) -> Learnt:
    """Return `reference` with its rhythm and its baseline variation, and the blocks of both.

    Args:
        columns: values by feature, each of length n: the reference's rows.
        moments: (n,) Unix seconds, all known.
    """
    window = Window.parse(settings.window)
    held = np.zeros(len(moments), dtype=bool)
    held[halves(len(moments))[1]] = True
    places = kept_rows(moments, window)
    if len(places) < len(moments):
        columns = {name: take_rows(column, places) for name, column in columns.items()}
    moments, all_rows = moments[places], len(moments)
    labels = block_labels(moments, window)
    tallies = _tallies(reference, columns, moments, labels, held[places])
    blocks = _blocks(tallies, moments, labels, window)
    lengths = float(np.median(blocks.ends - blocks.starts))
    if lengths <= _DAY:
        day_types = learn_day_types(reference, blocks, reference.timezone, settings.holidays)
        reference = replace(reference, day_types=day_types)
    drift_window = Window.parse(reference.drift_window)
    hourly = Rhythm(reference, blocks, settings.holidays)
    joined = Rhythm(reference, blocks_for(blocks, drift_window), settings.holidays)
    reference = with_rhythm(reference, hourly, joined)
    windows = _filled(hourly.blocks, window, settings.min_rows)
    days = _filled(joined.blocks, drift_window, settings.min_rows)
    rates = _variations(reference, hourly, windows)
    distances = _variations(reference, joined, days) if drift_window != window else rates
    reference = _with_baselines(reference, distances, rates)
    if distances:
        reference = replace(reference, blocks=int(days.max()) + 1)
    if rates:
        repeats = most_repeats(reference, _summed(tallies, windows))
        reference = replace(reference, baseline_repeats=repeats)
    own = labels
    if len(joined.blocks) < len(blocks):
        own = _places(joined.blocks, moments)
    of_rows = np.full(all_rows, -1)
    of_rows[places] = np.where(own < 0, -1, np.append(days, -1)[own])
    rhythm = Rhythm(reference, joined.blocks, settings.holidays)
    return Learnt(reference, blocks, rhythm, of_rows)


def _places(days: Blocks, moments: np.ndarray) -> np.ndarray:
    """Return the day of each of (n,) moments, -1 if it was incomplete."""
    days_of_rows = np.searchsorted(days.starts, moments, "right") - 1
    return np.where(
        (days_of_rows >= 0) & (moments < np.append(days.ends, 0.0)[days_of_rows]), days_of_rows, -1
    )


def block_labels(moments: np.ndarray, window: Window) -> np.ndarray:
    """Return the number of the block of each of (n,) moments, from 0 in order of time.

    A block is a time window, or a fixed number of rows within one hour, because the next hour may
    differ.
    """
    if window.kind == "rows":
        return _of_rows(moments, window.size)
    blocks = np.unique(starts(moments, window), return_inverse=True)
    if len(blocks[0]) > _MAX_BLOCKS and window.size < _HOUR:
        return block_labels(moments, Window("seconds", _HOUR))
    return np.asarray(blocks[1].ravel())


def kept_rows(moments: np.ndarray, window: Window) -> np.ndarray:
    """Return the positions of the rows whose blocks are kept.

    Of a long reference those of some weeks, evenly spread, so that each day of the week keeps as
    many hours in proportion.
    """
    blocks = int(block_labels(moments, window).max()) + 1
    weeks = moments // _WEEK
    every = -(-blocks // _MAX_BLOCKS)
    return np.flatnonzero((weeks - weeks.min()) % every == 0)


def _of_rows(moments: np.ndarray, size: int) -> np.ndarray:
    order = np.argsort(moments, kind="stable")
    hours = moments[order] // _HOUR
    begun = np.flatnonzero(np.diff(hours, prepend=-np.inf) != 0)
    within = np.arange(len(order)) - np.repeat(begun, np.diff(np.append(begun, len(order))))
    least = max(size, -(-len(order) // _MAX_BLOCKS))
    labels = np.empty(len(order), dtype=np.int64)
    labels[order] = np.cumsum(within % least == 0) - 1
    return labels


def _tallies(
    reference: Reference,
    columns: Mapping[str, Column],
    moments: np.ndarray,
    labels: np.ndarray,
    held: np.ndarray,
) -> list[Tally]:
    """Count each block; features with halved words are counted on `held`, the other half."""
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    slices = layout(reference)
    of_half = [slices[feature.name] for feature in reference.features if _is_of_half(feature)]
    counted_blocks = []
    for places in parts:
        counted = _counted(reference, columns, moments, places)
        if of_half:
            half = _counted(reference, columns, moments, places[held[places]])
            for part in of_half:
                counted.counts[part] = half.counts[part]
        counted_blocks.append(counted)
    return counted_blocks


def _is_of_half(feature: Feature) -> bool:
    return feature.halved or feature.kind == "words" or feature.measure == "out_of_vocabulary"


def _counted(
    reference: Reference, columns: Mapping[str, Column], moments: np.ndarray, places: np.ndarray
) -> Tally:
    part = {name: take_rows(column, places) for name, column in columns.items()}
    return tally(part, len(places), reference, times=moments[places].tolist())


def _blocks(
    tallies: Sequence[Tally], moments: np.ndarray, labels: np.ndarray, window: Window
) -> Blocks:
    count = len(tallies)
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, labels, moments)
    np.maximum.at(last, labels, moments)
    if window.kind != "rows":
        first = starts(first, window)
        last = np.maximum(last, [window.end(start) for start in first.tolist()])
    rows = np.array([part.rows for part in tallies])
    return Blocks(first, last, rows, np.array([part.counts for part in tallies]))


def _filled(blocks: Blocks, window: Window, min_rows: int) -> np.ndarray:
    """Return the windows that blocks would be evaluated in: (b,) labels."""
    return filled_up(blocks.rows, max(min_rows, window.size if window.kind == "rows" else 0))


def _variations(reference: Reference, rhythm: Rhythm, windows: np.ndarray) -> list[Variation]:
    """Return the distances of the reference's windows from their comparisons, by feature.

    Empty if there are too few windows.

    Args:
        windows: (b,) the window of each block.
    """
    count = int(windows.max(initial=-1)) + 1
    if count < MIN_BLOCKS:
        return []
    own = np.arange(count)[:, None] == windows
    keys = rhythm.keys
    groups = [rhythm.group({keys[place] for place in np.flatnonzero(part)}) for part in own]
    rests = np.array([_rest(rhythm, group, part) for group, part in zip(groups, own, strict=True)])
    counts = rhythm.blocks.counts.astype(np.float64)
    mine = (own @ counts).astype(np.int64)
    others = rhythm.blocks.counts.sum(axis=0) - mine
    same = (rests @ counts).astype(np.int64)
    slices = layout(reference)
    return [
        variation(feature, Pairs(mine, same if feature.rhythm else others, others).of(part))
        for feature, part in ((each, slices[each.name]) for each in reference.features)
    ]


def _rest(rhythm: Rhythm, members: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the blocks of a window's group without its own blocks and, if others are left, its
    days.

    Later windows have no rows of their own day to be compared with.
    """
    rest = members & ~own
    of_other_days = rest & ~np.isin(rhythm.dates, rhythm.dates[own])
    return np.asarray(of_other_days if of_other_days.any() else rest)


def _with_baselines(
    reference: Reference, distances: Sequence[Variation], rates: Sequence[Variation]
) -> Reference:
    """Return `reference` with baselines: drift's of drift windows, quality's of its own windows."""
    features = list(reference.features)
    for place, feature in enumerate(features):
        highest: dict[str, float] = {}
        if rates:
            highest = rates[place].rates
        if distances:
            far = distances[place]
            feature = replace(feature, baseline_distance=far.distance)
            highest = {**highest, **{k: gain for k, gain in far.rates.items() if k == NEW_VALUE}}
        features[place] = replace(feature, baseline_rates=highest)
    return replace(reference, features=tuple(features))


def _summed(tallies: Sequence[Tally], windows: np.ndarray) -> list[Tally]:
    groups: dict[int, list[Tally]] = {}
    for part, window in zip(tallies, windows.tolist(), strict=True):
        groups.setdefault(window, []).append(part)
    return [reduce(add, group) for group in groups.values()]
