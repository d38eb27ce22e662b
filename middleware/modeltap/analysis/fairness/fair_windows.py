"""The fairness metrics of one window: those of predictions alone, and those of labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.estimation.repeated_looks import level_of_look
from modeltap.analysis.fairness.gap_learning import key_of
from modeltap.analysis.fairness.group_gaps import (
    NotCompared,
    RateOfGroups,
    gap_metric,
    not_compared,
    ratio_metric,
)
from modeltap.analysis.fairness.group_rates import LABELLED, SELECTION, by_group, rate_values
from modeltap.analysis.fairness.group_reader import GroupedRows, read_groups
from modeltap.analysis.fairness.groupings import Grouping, with_intersections
from modeltap.analysis.fairness.simultaneous import critical_value, rate_interval
from modeltap.analysis.fairness.treatment import Treatment, decisions, outcomes
from modeltap.analysis.model.baseline import Baseline, GroupBaseline
from modeltap.analysis.model.metric import (
    ALERT,
    LEARNING,
    NO_REFERENCE,
    NOT_COMPARABLE,
    NOT_ENOUGH_ROWS,
    OK,
    Metric,
    finite,
)
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.wording import plural

FAIRNESS_SHARE = 0.3
"""The level of a window's fairness, as a part of the window's. It is added to the others, because
most models have no groups."""

_STAGES = 2
"""Gaps of predictions and gaps of labels are evaluated at different times, at half the level."""

_DIFFERENCES = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("tpr",),
    "equalized_odds_difference": ("tpr", "fpr"),
    "mae_difference": ("mae",),
}
"""The rates of each gap with a verdict; of several, the largest gap counts."""

_OF_CLASSES = ("equal_opportunity_difference", "equalized_odds_difference")
_OF_NUMBERS = ("mae_difference",)


@dataclass(frozen=True)
class GroupedWindow:
    """A window's rows by group, and the settings and the reference to evaluate them with.

    Args:
        settings: the model's own.
        reference: None if there is none.
        information: of an evaluation that is repeated while labels arrive; see `level_of_look`.
    """

    rows: GroupedRows
    settings: Settings
    reference: Reference | None
    information: float | None = None

    @property
    def form(self) -> LabelForm:
        """The settings of labels."""
        return LabelForm(self.settings.positive, self.settings.decision_threshold)

    @property
    def performance(self) -> Baseline | None:
        """The model's performance in the reference."""
        return None if self.reference is None else self.reference.performance

    @property
    def baseline(self) -> GroupBaseline | None:
        """The rates by group in the reference; None if they were learnt with other settings."""
        known = None if self.reference is None else self.reference.groups
        return known if known is not None and known.key == key_of(self.settings) else None

    def groupings(self) -> list[Grouping]:
        """Return the groupings and their intersections."""
        return with_intersections(self.rows.groupings(self.settings.groups, self.baseline))

    def selection_metrics(self) -> list[Metric]:
        """Return the selection rate of each group, and the gaps between them."""
        predictions = [row.prediction for row in self.rows.rows]
        treatment = decisions(predictions, self.form, self.settings.task, self.performance)
        groupings = self.groupings()
        differences = ("demographic_parity_difference",)
        if treatment.problem is not None:
            return list(_without_rates(differences, groupings, treatment.problem))
        tables = self._tables(SELECTION, groupings, treatment)
        ratios = [ratio_metric("demographic_parity_ratio", own["selection_rate"]) for own in tables]
        return [*self._of_groups(tables), *self._gaps(differences, tables), *ratios]

    def labelled_metrics(self) -> list[Metric]:
        """Return the rates of each group that need labels, and the gaps between them."""
        rows = self.rows.rows
        predictions, labels = [row.prediction for row in rows], [row.label for row in rows]
        treatment = outcomes(predictions, labels, self.form, self.settings.task, self.performance)
        groupings = self.groupings()
        if treatment.task == "regression":
            tables = self._tables(("mae",), groupings, treatment)
            return [*self._of_groups(tables), *self._gaps(_OF_NUMBERS, tables)]
        if treatment.problem is None:
            tables = self._tables(LABELLED[:-1], groupings, treatment)
            return [*self._of_groups(tables), *self._gaps(_OF_CLASSES, tables)]
        reasons = list(_without_rates(_OF_CLASSES, groupings, treatment.problem))
        if np.isnan(treatment.wrong).all():
            return reasons
        # Without a positive class, predictions are still right or wrong.
        tables = self._tables(("misclassification_rate",), groupings, treatment)
        return [*self._of_groups(tables), *reasons]

    def _tables(
        self, rates: Sequence[str], groupings: Sequence[Grouping], treatment: Treatment
    ) -> list[dict[str, RateOfGroups]]:
        """Return each rate of each grouping, with intervals that hold for all of them."""
        tables: list[dict[str, RateOfGroups]] = [{} for _ in groupings]
        for rate in rates:
            values = rate_values(rate, treatment)
            own = [by_group(values, grouping) for grouping in groupings]
            compared = [
                np.flatnonzero([group.rows >= grouping.min_rows for group in groups])
                for groups, grouping in zip(own, groupings, strict=True)
            ]
            critical = critical_value(values, groupings, compared)
            for table, grouping, groups, places in zip(
                tables, groupings, own, compared, strict=True
            ):
                listed = places.tolist()
                intervals = {
                    place: rate_interval(groups[place], critical, binary=values.binary)
                    for place in listed
                }
                table[rate] = RateOfGroups(rate, grouping, groups, listed, intervals, values.binary)
        return tables

    def _of_groups(self, tables: Sequence[dict[str, RateOfGroups]]) -> Iterator[Metric]:
        """Yield the rates of each group, and the rows that are in none."""
        for table in tables:
            first = next(iter(table.values()))
            known = self._known_segments(first.grouping)
            for part in table.values():
                # A group that is too small for the first rate is for the others, too.
                shown = range(len(part.values)) if part is first else first.compared
                for place in shown:
                    yield _of_group(part, place, known if part is first else None)
            yield from _left_out(first)

    def _known_segments(self, grouping: Grouping) -> set[str] | None:
        baseline = self.baseline
        return None if baseline is None else set(baseline.rates.get(grouping.name, {}))

    def _gaps(
        self, metrics: Sequence[str], tables: Sequence[dict[str, RateOfGroups]]
    ) -> Iterator[Metric]:
        """Yield the gaps of groupings, then those of their intersections.

        An intersection has no alert of its own if one of its groupings has: the wide gap of `sex`
        is one of `sex,race`, too.
        """
        level = ALPHA[self.settings.sensitivity] * FAIRNESS_SHARE / _STAGES / len(metrics)
        crossed = [next(iter(table.values())).grouping.crossed for table in tables]
        kinds = len(set(crossed))
        alerts: set[tuple[str, str]] = set()
        for table, own in zip(tables, crossed, strict=True):
            # Intersections are many; together they have half of the level.
            part = level / kinds / crossed.count(own)
            if self.information is not None:
                part = level_of_look(part, self.information)
            for metric in metrics:
                gap = gap_metric(
                    metric, [table[rate] for rate in _DIFFERENCES[metric]], self.baseline, part
                )
                names = (gap.segment or "").split(",")
                if gap.verdict == ALERT and any((metric, name) in alerts for name in names):
                    gap = replace(gap, verdict=OK)
                if gap.verdict == ALERT:
                    alerts.add((metric, gap.segment or ""))
                yield self._while_learning(gap)

    def _while_learning(self, gap: Metric) -> Metric:
        is_learning = self.reference is not None and self.reference.state != "active"
        waits = is_learning and gap.verdict == NO_REFERENCE
        return replace(gap, verdict=LEARNING) if waits else gap


def grouped_window(
    connection: sqlite3.Connection,
    settings: Settings,
    reference: Reference | None,
    rows: Sequence[LabelledPrediction],
) -> GroupedWindow:
    """Return a window's stored rows by group."""
    return GroupedWindow(read_groups(connection, settings, rows), settings, reference)


def _of_group(part: RateOfGroups, place: int, known: set[str] | None) -> Metric:
    segment, value = part.grouping.segments[place], part.values[place]
    if place not in part.intervals:
        return Metric(
            metric=part.rate,
            segment=segment,
            rows=value.rows,
            verdict=NOT_ENOUGH_ROWS,
            explanation=f"{plural(value.rows, 'row')}: too few to compare, because min_rows of "
            f"the group is {part.grouping.min_rows}",
        )
    low, high = part.intervals[place]
    return Metric(
        metric=part.rate,
        segment=segment,
        rows=value.rows,
        count=round(value.mean * value.rows) if part.binary else None,
        value=finite(value.mean),
        low=finite(low),
        high=finite(high),
        evidence=NotCompared("the reference has too few rows of this group")
        if known is not None and segment not in known
        else None,
    )


def _left_out(part: RateOfGroups) -> Iterator[Metric]:
    """Yield the numbers of rows without a group, and of rows in the smallest of many groups."""
    grouping = part.grouping
    if grouping.problem is not None or grouping.crossed:
        return
    unknown = sum(grouping.unknown.values())
    if unknown:
        reasons = [f"{rows:,} {reason}" for reason, rows in sorted(grouping.unknown.items())]
        yield Metric(
            metric=part.rate,
            segment=f"{grouping.name}=(unknown)",
            rows=unknown,
            verdict=NOT_COMPARABLE,
            evidence=NotCompared(f"these rows have no group: {', '.join(reasons)}"),
        )
    if grouping.others:
        others = int(np.count_nonzero(grouping.members < 0)) - unknown
        yield Metric(
            metric=part.rate,
            segment=f"{grouping.name}=(other)",
            rows=others,
            verdict=NOT_COMPARABLE,
            evidence=NotCompared(
                f"{plural(grouping.others, 'more group')}, which are not shown: at most "
                f"{len(grouping.segments)} are; for numbers set bins"
            ),
        )


def _without_rates(
    metrics: Sequence[str], groupings: Sequence[Grouping], problem: str
) -> Iterator[Metric]:
    for grouping in groupings:
        for metric in metrics:
            yield not_compared(metric, grouping, grouping.problem or problem)
