"""Concept drift of a window: errors beyond the ones expected of its inputs.

Performance changes because the inputs did, or because the relation of inputs and labels did. The
estimate of a window's performance holds for its own inputs and for the relation of the reference,
so labels that contradict it show a changed relation. A large rise shows in one window, a small one
that lasts in Page's test over the windows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import scipy

from modeltap.analysis.concept.excess import Excess, Expected, error_of, excess
from modeltap.analysis.concept.page_test import page_sum
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import (
    AT_ONCE,
    NORMAL_95,
    Evidence,
    Metric,
    crossable,
    no_room,
    verdict,
)
from modeltap.analysis.performance.labelled import loss_floor

_TESTS = 2
"""The window's own, and Page's."""

_SHARED = 1.0
"""Standard errors of the reference that a lasting rise must exceed in each window, as Page's test
subtracts one of each window. It leaves a fiftieth of the false alarms after 2,000 rows, and larger
numbers hide rises of a fifth in small windows (`benchmarks/concept_drift.py`)."""

_STILL = 2.0
"""A lasting rise counts for at most this multiple of the window's own, so that it ends in time."""


class InputChanges(NamedTuple):
    """The inputs that drifted in a window, and whether any input was compared."""

    moved: tuple[str, ...]
    compared: bool


class ExcessAt(NamedTuple):
    """The excess of a window by its start."""

    start: str
    rows: int
    own: Excess


class LabelsPending(Evidence, frozen=True):
    """Labels of the window are still arriving, and may differ from those so far."""


class ConceptChange(Evidence, frozen=True):
    """A window's error, the one expected of its inputs, that of the reference, and the inputs.

    `by_inputs` is False if the expected error is that of the reference. `since` is the time from
    which errors are larger than expected.
    """

    error: float
    expected: float
    before: float
    moved: tuple[str, ...]
    compared: bool
    by_inputs: bool
    since: str


def concept_drift(
    measured: Metric,
    expected: Expected,
    baseline: Baseline,
    changes: InputChanges,
    earlier: Sequence[ExcessAt],
    start: str,
    level: float,
) -> Metric:
    """Return `concept_drift`: by how much a window's error exceeds the expected one.

    It alerts if that is significant, and more than the floor of performance: two points of
    accuracy, a tenth of the mean error, and the variation of the reference's own windows.

    Args:
        measured: `mae` or `accuracy` of the window's labelled rows.
        earlier: the windows before, in order of time.
        start: the start of the window.
        level: false alarms per window.
    """
    own = excess(measured, expected)
    windows = [*earlier, ExcessAt(start, measured.rows, own)]
    page = page_sum([_beyond_reference(window, baseline) for window in windows])
    run = windows[page.start :] or windows[-1:]
    lasting = sum(window.rows * window.own.value for window in run) / sum(w.rows for w in run)
    p = min(1.0, _TESTS * min(float(scipy.special.ndtr(-_standardised(own))), page.p_value))
    effect = max(own.value, min(lasting, _STILL * own.value))
    half = NORMAL_95 * own.deviation
    facts: dict[str, Any] = {
        "metric": "concept_drift",
        "rows": measured.rows,
        "value": own.value,
        "low": own.value - half,
        "high": own.value + half,
    }
    # Of classes, the error is at most 1.
    most = math.inf if baseline.task == "regression" else 1 - expected.error
    normal = baseline.baseline_loss
    floor = crossable(normal + loss_floor(baseline), normal, most)
    if floor is None:
        return Metric(**facts, **no_room(normal, most))
    alert = p < level and effect > floor
    return Metric(
        **facts,
        threshold=floor,
        p_value=p,
        strength=max(0.0, effect / floor) if floor else AT_ONCE * alert,
        verdict=verdict(alert, measured.rows),
        evidence=ConceptChange(
            error_of(measured),
            expected.error,
            baseline.mean if baseline.task == "regression" else 1 - baseline.mean,
            *changes,
            expected.by_inputs,
            run[0].start,
        ),
    )


def _beyond_reference(window: ExcessAt, baseline: Baseline) -> float:
    """Return a window's standardised excess, less what the reference's own error may be.

    All windows share that error, so that it would add up. It is the part of the standard error that
    is not of the window's labels.
    """
    own, of_labels = window.own, baseline.variance / max(1, window.rows)
    shared = math.sqrt(max(0.0, own.deviation**2 - of_labels))
    return _standardised(own._replace(value=own.value - _SHARED * shared))


def _standardised(own: Excess) -> float:
    if own.deviation > 0:
        return own.value / own.deviation
    return 0.0 if own.value <= 0 else 1e6
