"""The gaps of the reference: rates by group, and how much gaps vary between its windows."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_rows
from typing import Any

import msgspec
import numpy as np
import scipy
from msgspec.structs import replace

from modeltap.analysis.counting.window_starts import window_blocks
from modeltap.analysis.fairness.group_rates import (
    LABELLED,
    SELECTION,
    RateValues,
    by_group,
    rate_values,
)
from modeltap.analysis.fairness.group_reader import read_groups, sources_of
from modeltap.analysis.fairness.groupings import Grouping, grouping_of, with_intersections
from modeltap.analysis.fairness.treatment import Treatment, decisions, outcomes
from modeltap.analysis.model.baseline import Baseline, GroupBaseline
from modeltap.analysis.model.moments import Moments
from modeltap.analysis.model.reference import MIN_BLOCKS, Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config.settings import Settings
from modeltap.decoding.outputs import predictions_in
from modeltap.decoding.times import parse_times
from modeltap.store.predictions import labelled_predictions

_VARIES = 0.01
"""The level of the test that gaps vary: one reference in a hundred does by chance."""

_WORST = 2.0
"""The distance of the worst window, in standard deviations between windows."""

_MOST_GONE = 0.5
"""If more of the reference's rows than this fraction are deleted, the rest is not the reference."""


@dataclass(frozen=True)
class ReferenceRows:
    """The rows of a reference: their groups, their treatment, and the windows they are in."""

    groupings: Sequence[Grouping]
    selection: Treatment
    labelled: Treatment
    blocks: Sequence[np.ndarray]


def with_gaps(
    connection: sqlite3.Connection, reference: Reference, settings: Settings
) -> Reference:
    """Return the reference with the rates of its groups, learnt from its rows in the store.

    They are learnt once, and again when the settings of groups have changed or the performance was
    learnt again from more labels. The reference is unchanged if its rows are not in the store.

    Args:
        settings: the model's own.
    """
    period = reference.from_time, reference.to_time
    if not settings.groups or reference.state == "provisional" or None in period:
        return reference
    known, performance = reference.groups, reference.performance
    newest = 0 if performance is None else performance.newest_label
    key = key_of(settings)
    if known is not None and (known.key, known.newest_label) == (key, newest):
        return reference
    first, after = ((time or "", 0, 0) for time in period)
    picked = labelled_predictions(connection, reference.model, reference.version, first, after)
    if len(picked) < max(2, _MOST_GONE * reference.rows):
        return reference
    stored = read_groups(connection, settings, picked)
    moments = parse_times([row.event_time for row in stored.rows])
    rows = ReferenceRows(
        with_intersections(stored.groupings(settings.groups, None)),
        *_treatments(
            [row.prediction for row in stored.rows],
            [row.label for row in stored.rows],
            settings,
            performance,
        ),
        list(window_blocks(moments, settings)),
    )
    return replace(reference, groups=learn_gaps(rows, key, newest))


def gaps_of_file(
    settings: Settings,
    columns: Mapping[str, Sequence[Any]],
    labels: Sequence[Any],
    times: Sequence[float],
) -> GroupBaseline | None:
    """Return the rates of the groups in a reference file; None without groups.

    Args:
        columns: (n,) features and outputs, by name.
        times: (n,) Unix seconds, NaN where unknown.
    """
    if not settings.groups:
        return None
    count = len(labels)
    sources, problems = sources_of(settings)
    groupings = [
        grouping_of(
            group,
            sources[group.name].of_columns(columns, count) if group.name in sources else (),
            problem=problems.get(group.name),
        )
        for group in settings.groups
    ]
    predictions = predictions_in(columns) or [None] * count
    rows = ReferenceRows(
        with_intersections([own for own in groupings if own.problem is None]),
        *_treatments(predictions, labels, settings, None),
        list(window_blocks(np.array(times, dtype=np.float64), settings)),
    )
    return learn_gaps(rows, key_of(settings), 0)


def key_of(settings: Settings) -> str:
    """Return a hash of the settings that define groups and rates."""
    form = [settings.groups, settings.positive, settings.decision_threshold, settings.task]
    return hashlib.sha256(msgspec.json.encode(form)).hexdigest()[:16]


def learn_gaps(rows: ReferenceRows, key: str, newest_label: int) -> GroupBaseline:
    """Return the rates of all groups with enough rows, and the variation of their gaps."""
    rates: dict[str, dict[str, dict[str, Moments]]] = {}
    variation: dict[str, dict[str, float]] = {}
    for grouping in rows.groupings:
        own: dict[str, dict[str, Moments]] = {}
        for rate in (*SELECTION, *LABELLED):
            values = rate_values(rate, rows.selection if rate in SELECTION else rows.labelled)
            for segment, value in zip(grouping.segments, by_group(values, grouping), strict=True):
                if value.rows >= grouping.min_rows:
                    own.setdefault(segment, {})[rate] = value
            varies = _variation(values, grouping, rows.blocks)
            if varies:
                variation.setdefault(grouping.name, {})[rate] = varies
        rates[grouping.name] = own
    return GroupBaseline(key=key, rates=rates, variation=variation, newest_label=newest_label)


def _treatments(
    predictions: Sequence[Any],
    labels: Sequence[Any],
    settings: Settings,
    performance: Baseline | None,
) -> tuple[Treatment, Treatment]:
    form = LabelForm(settings.positive, settings.decision_threshold)
    return (
        decisions(predictions, form, settings.task, performance),
        outcomes(predictions, labels, form, settings.task, performance),
    )


def _variation(values: RateValues, grouping: Grouping, blocks: Sequence[np.ndarray]) -> float:
    """Return how far a gap in a window may be from that of the reference, beyond sampling.

    The deviations of groups from their rates, without the one that all groups of a window share.
    Their variance beyond sampling (DerSimonian & Laird, 1986) is doubled for the difference of two
    groups. 0 if a chi-square test of homogeneity finds no variation.
    """
    whole = by_group(values, grouping)
    squares: list[float] = []
    noises: list[float] = []
    freedom = 0
    for block in blocks:
        part = RateValues(values.values[block], values.defined[block], values.binary)
        own = by_group(part, with_rows(grouping, members=grouping.members[block]))
        large = [place for place, rate in enumerate(own) if rate.rows >= grouping.min_rows]
        if len(large) < 2:
            continue
        noise = np.array([whole[place].second / own[place].rows for place in large])
        if not (noise > 0).all():
            continue
        gaps = np.array([own[place].mean - whole[place].mean for place in large])
        shared = np.sum(gaps / noise) / np.sum(1 / noise)
        squares += ((gaps - shared) ** 2 * (len(large) / (len(large) - 1))).tolist()
        noises += noise.tolist()
        freedom += len(large) - 1
    if freedom < MIN_BLOCKS:
        return 0.0
    statistic = float(np.sum(np.array(squares) / np.array(noises))) * freedom / len(squares)
    between = float(np.mean(squares) - np.mean(noises))
    if float(scipy.special.chdtrc(freedom, statistic)) >= _VARIES or between <= 0:
        return 0.0
    return _WORST * float(np.sqrt(2 * between))
