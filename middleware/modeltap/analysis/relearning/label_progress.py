"""The progress of a window's labels, and what an evaluation makes of it while they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.detectors.context import PERFORMANCE_SHARE
from modeltap.analysis.estimation.repeated_looks import information, level_of_look, over_all_looks
from modeltap.analysis.model.metric import ALERT, NO_REFERENCE, OK, Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.labelled import Guess
from modeltap.analysis.performance.scoring import UninformativeScores
from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.analysis.relearning.periodic_history import ArrivalHistory, history_of_window
from modeltap.analysis.relearning.same_age import same_age
from modeltap.config.settings import Settings
from modeltap.store.labelled_rows import LabelledRows

NEARLY_ALL = 0.98
"""From this fraction of its labels on, a window is compared with all labels of the reference."""


_TOO_EARLY = (
    "not compared yet, because the reference had hardly any label when its rows were as old as "
    "those of this window"
)


class LabelProgress(NamedTuple):
    """The reference to compare a window with, and the budget of this evaluation.

    Args:
        information: see `repeated_looks.information`; None if no other evaluation is expected.
        complete: False while labels arrive that may differ from those so far.
    """

    reference: Reference | None
    information: float | None = None
    complete: bool = True

    def alpha(self, alpha: float) -> float:
        """Return the window's false-alarm rate at this evaluation; `alpha` is that of all."""
        if self.information is None:
            return alpha
        return level_of_look(alpha * PERFORMANCE_SHARE, self.information) / PERFORMANCE_SHARE

    @property
    def _is_too_early(self) -> bool:
        """True if the reference had too few labels at this age to compare with."""
        return not self.complete and (self.reference is None or self.reference.performance is None)

    def over_all_looks(self, metrics: Iterable[Metric]) -> list[Metric]:
        """Return metrics with p-values that hold for all evaluations of the window together.

        While labels arrive, the first ones may agree with the predictions no better than guesses
        (errors are reported first), so that this alone does not alert.
        """
        return [self._over_all_looks(metric) for metric in metrics]

    def _over_all_looks(self, metric: Metric) -> Metric:
        if not self.complete and metric.verdict == ALERT and _is_guess(metric):
            metric = replace(metric, verdict=OK)
        if metric.verdict == NO_REFERENCE and self._is_too_early:
            metric = replace(metric, explanation=metric.explanation or _TOO_EARLY)
        if self.information is None or metric.p_value is None:
            return metric
        return replace(metric, p_value=over_all_looks(metric.p_value, self.information))


def _is_guess(metric: Metric) -> bool:
    return isinstance(metric.evidence, Guess | UninformativeScores)


def label_progress(
    rows: LabelledRows,
    reference: Reference | None,
    history: LabelHistory | None,
    settings: Settings,
) -> LabelProgress:
    """Return the progress of the labels of a window that is evaluated more than once.

    Args:
        rows: all rows of the window.
        history: None without a reference.
    """
    if reference is None or history is None or reference.performance is None:
        return LabelProgress(reference)
    own, ages = _arrival_of(rows, history), history.some_ages(rows)
    fraction = _fraction(own, ages)
    compared, complete = reference, True
    if fraction is not None and fraction < NEARLY_ALL:
        known = history.of_reference
        compared = same_age(reference, known, own.given_ages(known.moments, rows), settings)
        complete = compared is reference
    last = rows.labelled / fraction if fraction else len(rows)
    performance = compared.performance or reference.performance
    return LabelProgress(
        compared, information(rows.labelled, min(last, len(rows)), performance.rows), complete
    )


def _arrival_of(rows: LabelledRows, history: LabelHistory) -> ArrivalHistory:
    """Return the arrival of a window's labels, by the clock if labels are expected and do so."""
    fraction = _fraction(history, history.some_ages(rows))
    if fraction is None or fraction >= NEARLY_ALL:
        return history
    return history_of_window(history, rows)


def _fraction(history: ArrivalHistory, ages: np.ndarray) -> float | None:
    """Return the fraction of labels that have arrived for rows of these ages; None if unknown.

    Labels that never arrive are not part of it.
    """
    return None if history.curve is None else float(history.curve.at(ages).mean())
