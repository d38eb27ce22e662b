"""The evaluators and the judge of models, over their newest outputs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from modeltap.analysis.evaluators.recent_outputs import evaluated_now
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import Metric
from modeltap.config.metrics import CATALOGUE, EVALUATOR_SEGMENT
from modeltap.config.settings import Settings
from modeltap.errors import InputError, ModeltapError, check_count
from modeltap.judge.judge_calls import OnAnswer
from modeltap.judge.judge_windows import JudgedModel
from modeltap.store.connection import connect, connect_reader
from modeltap.store.models import check_model, counted_models
from modeltap.store.settings import SettingsReader

DEFAULT_EXCHANGES = 200
"""The newest exchanges that are evaluated."""

JUDGE_NAME = "judge"
"""The name of a judge among the evaluators."""

ShowRatings = Callable[[], AbstractContextManager[OnAnswer]]
"""Returns a context manager whose callback is called after each reply of a judge."""

_HINT = (
    "no evaluators are configured; add some to modeltap.toml, such as [[models.NAME.evaluators]] "
    'name = "valid", kind = "json"'
)


class EvaluatorResult(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one evaluator, or of the judge, over the newest outputs of a model.

    Args:
        evaluator: its name; "judge" for the judge.
        kind: the evaluator's kind; the name of the language model for the judge.
        outputs: the outputs that were evaluated.
        failed: those of them that fail; None if the metric is not a rate.
        low, high: an interval of `value`, if it has one.
        examples: the ids of exchanges with outputs that fail.
    """

    model: str
    evaluator: str
    kind: str
    metric: str
    outputs: int
    failed: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str | None = None
    explanation: str | None = None
    examples: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result with all columns, in order."""
        return msgspec.structs.asdict(self)


@dataclass(frozen=True)
class OutputEvaluation:
    """The results of evaluators, and of a judge, over the newest outputs of models.

    Args:
        results: a row for each metric of an evaluator.
        notes: a sentence about the calls of each judge.
        failure: why a judge could not be asked, in a sentence; None if all could.
    """

    results: tuple[EvaluatorResult, ...]
    notes: tuple[str, ...] = ()
    failure: str | None = None


def show_nothing() -> AbstractContextManager[OnAnswer]:
    """Show no progress."""
    return nullcontext(lambda: None)


def evaluate_newest(
    store: Path,
    *,
    model: str | None = None,
    rows: int = DEFAULT_EXCHANGES,
    judge: bool = True,
    mode: int | None = None,
    show_ratings: ShowRatings = show_nothing,
) -> OutputEvaluation:
    """Run the evaluators of one or all models, and then each judge, on the newest exchanges.

    The other arguments are those of `modeltap.evaluate`.

    Args:
        mode: of the store's files, if a judge writes to them; None keeps the configured one.
        show_ratings: shows the progress of each judge.

    Raises `InputError` if `rows` is not valid, if the model is unknown, or if no evaluator is
    configured.
    """
    check_count(rows, "rows")
    with closing(connect_reader(store)) as connection:
        check_model(connection, model)
        settings = _settings(connection, model)
        judged = {name: own for name, own in settings.items() if judge and own.judge is not None}
        if not judged and not any(own.evaluators for own in settings.values()):
            raise InputError(_HINT)
        results = [
            result
            for name, own in settings.items()
            for result in _evaluated(connection, own, name, rows)
        ]
    if not judged:
        return OutputEvaluation(tuple(results))
    try:
        with closing(connect(store, create=False, mode=mode)) as connection:
            models = [JudgedModel(connection, own, name) for name, own in judged.items()]
            rated, problems = _rated(models, rows, show_ratings)
    except ModeltapError as error:  # such as a store that this user may only read
        return OutputEvaluation(tuple(results), failure=str(error))
    notes = [
        f"judge of {own.model}: {own.report.sentence()}" for own in models if own.report.questions
    ]
    return OutputEvaluation((*results, *rated), tuple(notes), "; ".join(problems) or None)


def _settings(connection: sqlite3.Connection, model: str | None) -> dict[str, Settings]:
    """Return the settings of one or all models."""
    reader = SettingsReader(connection)
    names = [model] if model else [own.model for own in counted_models(connection)]
    return {name: reader.for_model(name) for name in names}


def _evaluated(
    connection: sqlite3.Connection, settings: Settings, model: str, exchanges: int
) -> Iterator[EvaluatorResult]:
    kinds = {own.name: own.kind for own in settings.evaluators}
    for metric in explained(evaluated_now(connection, settings, model, exchanges)):
        name = (metric.segment or "").removeprefix(EVALUATOR_SEGMENT)
        yield _result(metric, model, name, kinds[name])


def _rated(
    models: Sequence[JudgedModel], exchanges: int, show_ratings: ShowRatings
) -> tuple[list[EvaluatorResult], list[str]]:
    """Ask each judge; return the results, and the reasons why some could not be asked."""
    results, problems = [], []
    for own in models:
        with show_ratings() as own.on_answer:
            try:
                metrics = own.rate_newest(exchanges)
            except ModeltapError as error:  # other models have their results
                problems.append(str(error))
                continue
        results += [
            _result(metric, own.model, JUDGE_NAME, own.judge.model) for metric in explained(metrics)
        ]
    return results, problems


def _result(metric: Metric, model: str, name: str, kind: str) -> EvaluatorResult:
    return EvaluatorResult(
        model=model,
        evaluator=name,
        kind=kind,
        metric=metric.metric,
        outputs=metric.rows,
        failed=_failed(metric),
        value=metric.value,
        low=metric.low,
        high=metric.high,
        verdict=metric.verdict,
        explanation=metric.explanation,
        examples=tuple(json.loads(metric.examples or "[]")),
    )


def _failed(metric: Metric) -> int | None:
    """Return the outputs of a rate that fail: those it counts, if lower values are better."""
    if metric.count is None:
        return None
    counts_failures = CATALOGUE[metric.metric].better == "lower"
    return metric.count if counts_failures else metric.rows - metric.count
