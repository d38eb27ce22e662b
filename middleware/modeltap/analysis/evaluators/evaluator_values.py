"""The values of one evaluator for some outputs, or the reason why there are none."""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modeltap.analysis.evaluators.evaluated_outputs import of_field
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.payload import EvaluatedOutput
from modeltap.plugins import hooks

_MOST_SECONDS = 30.0
"""Processor time of an evaluator for a window: a regular expression may take years."""

_LONGEST = 200
"""Characters of an error that are quoted."""


@dataclass(frozen=True)
class EvaluatorValues:
    """(n,) numbers and (n,) passes (1 or 0) of n outputs, NaN where an output does not count.

    `problem` is the reason if there are none. `graded` is True if the numbers say more than the
    passes.
    """

    numbers: np.ndarray
    passes: np.ndarray
    graded: bool = False
    problem: str | None = None


def evaluator_values(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> EvaluatorValues:
    """Return the values of an evaluator for n outputs.

    An error in one of them is the reason for all: a rate of the others would look right.
    """
    none = np.full(len(outputs), np.nan)
    try:
        with _limited(_MOST_SECONDS), contextlib.redirect_stdout(sys.stderr):
            scored = hooks("evaluators").score(
                evaluator=evaluator, outputs=of_field(outputs, evaluator.field)
            )
    except (Exception, SystemExit) as error:
        return EvaluatorValues(none, none, problem=_described(error))
    if scored is None:
        reason = f"no installed plugin has evaluators of the kind {evaluator.kind!r}"
        return EvaluatorValues(none, none, problem=reason)
    try:
        return _values(evaluator, list(scored), outputs)
    except (TypeError, ValueError) as error:
        return EvaluatorValues(none, none, problem=_described(error))


def _values(
    evaluator: EvaluatorSettings, scored: Sequence[Any], outputs: Sequence[EvaluatedOutput]
) -> EvaluatorValues:
    if len(scored) != len(outputs):
        raise ValueError(f"returned {len(scored)} values for {len(outputs)} outputs")
    for value, own in zip(scored, outputs, strict=True):
        if not _is_usable(value):
            raise ValueError(
                f"returned {str(value)[:_LONGEST]!r}, a {type(value).__name__} (in exchange "
                f"{own.id}); return a boolean, a finite number, or None"
            )
    numbers = np.array([math.nan if v is None else float(v) for v in scored], dtype=np.float64)
    if all(value is None or isinstance(value, (bool, np.bool_)) for value in scored):
        return EvaluatorValues(numbers, numbers)
    low, high = evaluator.min, evaluator.max
    passes = np.full(len(numbers), np.nan)
    if low is not None or high is not None:
        inside = (numbers >= (-math.inf if low is None else low)) & (
            numbers <= (math.inf if high is None else high)
        )
        passes = np.where(np.isnan(numbers), np.nan, inside.astype(np.float64))
    return EvaluatorValues(numbers, passes, graded=True)


def _is_usable(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _described(error: BaseException) -> str:
    lines = str(error).splitlines()
    text = lines[0] if lines else ""
    if not isinstance(error, (ValueError, _TooSlow)):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text[:_LONGEST]


class _TooSlow(Exception):
    """An evaluator that used its processor time up."""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt Python code, and the search of a regular expression, after processor time.

    Only the main thread of a process receives signals; in others there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        raise _TooSlow(f"took over {seconds:.0f} s; simplify it, or lower `sample`")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
