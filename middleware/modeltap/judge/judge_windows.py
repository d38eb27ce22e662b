"""The outputs that are rated in a pass: of the reference, and of the last windows; or at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.evaluators.window_evaluators import EVALUATORS_SHARE
from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.baseline import PassRate
from modeltap.analysis.model.metric import Metric
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.verdicts.results import Period, WindowResult
from modeltap.analysis.verdicts.urgency import urgent, windows_a_week
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.errors import InputError
from modeltap.judge.judge_calibration import JudgeCalibration, judge_calibration
from modeltap.judge.judge_calls import JudgeCalls, JudgeReport, OnAnswer
from modeltap.judge.judge_metrics import judge_metrics
from modeltap.judge.judge_questions import JudgeQuestion
from modeltap.judge.judged_outputs import open_questions, sampled_keys
from modeltap.store import windows as stored
from modeltap.store.judge_answers import (
    JudgeAnswer,
    OutputKey,
    answers_about,
    newest_outputs,
    newest_people_labels,
)
from modeltap.store.predictions import rows_between
from modeltap.store.references import active_references, sampled_rows
from modeltap.store.runs import is_done
from modeltap.store.windows import CountedWindow, Series

_WINDOWS = 14
"""Evaluated windows that are rated, the last ones: older ones would use up the budget."""

_MOST_ROWS = 20_000
"""Rows of a window among which the sample is chosen."""


def _nothing() -> None:
    """Do nothing after an answer."""


@dataclass(frozen=True)
class _RatedWindow:
    """Windows that were evaluated together, and the outputs that are chosen from them."""

    series: Series
    start: str
    end: str
    rows: int
    keys: Sequence[OutputKey]

    @property
    def revision(self) -> str:
        """A mark of the rows: late ones may change the choice."""
        return f"#{self.rows}"


@dataclass
class JudgedModel:
    """The ratings of one model's outputs.

    Args:
        settings: the model's own, with a judge.
        seconds: the longest time of the calls; None for no limit.
    """

    connection: sqlite3.Connection
    settings: Settings
    model: str
    seconds: float | None = None
    on_answer: OnAnswer = _nothing
    report: JudgeReport = field(default_factory=JudgeReport)

    @property
    def judge(self) -> JudgeSettings:
        """The model's judge."""
        if self.settings.judge is None:
            raise InputError(f"model {self.model!r} has no judge; add [models.{self.model}.judge]")
        return self.settings.judge

    def rate_newest(self, exchanges: int) -> list[Metric]:
        """Ask about a sample of the newest outputs, and return their metrics."""
        newest = newest_outputs(self.connection, self.model, exchanges)
        keys = sampled_keys([(row.exchange_id, row.row) for row in newest], self.judge.sample)
        self._ask([*self._calibrating(), *self._open(keys)])
        references = self._references()
        before = self._before(references[0]) if len(references) == 1 else None
        return self._metrics(keys, before)

    def rate_windows(self) -> Iterator[WindowResult]:
        """Ask about the reference and the last evaluated windows; yield windows with answers.

        The budget is spent on people's rows first, then on the reference, then on the newest
        windows. The results are in order of time.
        """
        windows = {own.id: (own, self._windows(own)) for own in self._references()}
        due = [(own, window) for own, listed in windows.values() for window in listed]
        if not due:
            return
        known = [key for own, listed in windows.values() if listed for key in self._known_keys(own)]
        newest_first = sorted(due, key=lambda pair: pair[1].start, reverse=True)
        questions = [question for _, window in newest_first for question in self._open(window.keys)]
        self._ask([*self._calibrating(), *self._open(known), *questions])
        for own, window in due:
            settled = not self._open(window.keys)
            if settled or (self._has_news and self._last_answers(window.keys)):
                yield self._result(window, own, settled=settled)

    @property
    def _has_news(self) -> bool:
        return any(name != "over_budget" for name in self.report.outcomes)

    def _ask(self, questions: Sequence[JudgeQuestion]) -> None:
        unique = {(q.output.id, q.output.row, q.is_label): q for q in questions}
        calls = JudgeCalls(
            self.connection,
            self.model,
            self.judge,
            seconds=self.seconds,
            on_answer=self.on_answer,
        )
        self.report = calls.ask(unique.values())

    def _open(self, keys: Sequence[OutputKey]) -> list[JudgeQuestion]:
        return open_questions(self.connection, self.settings, self.judge, keys)

    def _calibrating(self) -> list[JudgeQuestion]:
        """Return the questions about outputs that people labelled, in both orders."""
        labels = newest_people_labels(self.connection, self.model, self.judge.calibration)
        keys = [(label.exchange_id, label.row) for label in labels]
        return open_questions(self.connection, self.settings, self.judge, keys, both_orders=True)

    def _calibration(self) -> JudgeCalibration:
        labels = newest_people_labels(self.connection, self.model, self.judge.calibration)
        return judge_calibration(self.connection, self.judge, labels)

    def _metrics(
        self, keys: Sequence[OutputKey], before: PassRate | None, *, learning: bool = False
    ) -> list[Metric]:
        metrics = judge_metrics(
            self._last_answers(keys),
            self.judge,
            self._calibration(),
            before,
            ALPHA[self.settings.sensitivity] * EVALUATORS_SHARE / 2,
            learning=learning,
        )
        return explained(metrics)

    def _last_answers(self, keys: Sequence[OutputKey]) -> list[JudgeAnswer]:
        """Return the last answer about each output that counts, preferring one with a choice."""
        last: dict[OutputKey, JudgeAnswer] = {}
        for answer in answers_about(self.connection, self.judge.key, keys):
            known = last.get((answer.exchange_id, answer.row))
            if answer.is_label and (known is None or known.choice is None):
                last[answer.exchange_id, answer.row] = answer
        return list(last.values())

    def _references(self) -> list[Reference]:
        """Return the references of the model's versions and environments."""
        rows = active_references(self.connection, self.model)
        return [Reference.from_json(row.payload) for row in rows]

    def _known_keys(self, reference: Reference) -> list[OutputKey]:
        if reference.state == "provisional":
            return []
        rows = sampled_rows(self.connection, reference.id)
        return sampled_keys([(row.exchange_id, row.row) for row in rows], 2 * self.judge.sample)

    def _before(self, reference: Reference) -> PassRate | None:
        """Return the ratings of the reference's outputs; None if there are none."""
        answers = self._last_answers(self._known_keys(reference))
        choices = [answer.choice for answer in answers if answer.choice is not None]
        positive = sum(choice == self.judge.positive_choice for choice in choices)
        return PassRate(rows=len(choices), passed=positive) if choices else None

    def _windows(self, reference: Reference) -> list[_RatedWindow]:
        """Return the last evaluated windows that are not settled, in order."""
        window = Window.parse(self.settings.window).text
        series = Series(reference.model, reference.version, reference.id, window)
        groups: dict[str, list[CountedWindow]] = {}
        for own in stored.all_windows(self.connection, series):
            if own.evaluated_start is not None:
                groups.setdefault(own.evaluated_start, []).append(own)
        last = sorted(groups.items())[-_WINDOWS:]
        return [self._rated(series, group) for _, group in last if not self._is_done(series, group)]

    def _is_done(self, series: Series, group: Sequence[CountedWindow]) -> bool:
        start, end = _period(group)
        return is_done(
            self.connection,
            f"{self._job} {series.model}@{series.version} {series.window}",
            f"{start}/{end}#{_rows(group)}",
        )

    @property
    def _job(self) -> str:
        return f"judge {self.judge.key}"

    def _rated(self, series: Series, group: Sequence[CountedWindow]) -> _RatedWindow:
        first, _ = stored.bounds(self.connection, group[0], series)
        _, after = stored.bounds(self.connection, group[-1], series)
        rows = rows_between(
            self.connection, series.model, series.version, first, after, limit=_MOST_ROWS
        )
        keys = sampled_keys([(row.exchange_id, row.row) for row in rows], self.judge.sample)
        return _RatedWindow(series, *_period(group), _rows(group), keys)

    def _result(self, window: _RatedWindow, reference: Reference, *, settled: bool) -> WindowResult:
        series, learning = window.series, reference.state == "provisional"
        metrics = self._metrics(window.keys, self._before(reference), learning=learning)
        weekly = windows_a_week(self.connection, series, window.end)
        return WindowResult(
            Period(series.model, series.version, series.window, window.start, window.end),
            urgent(metrics, weekly, reference),
            reference,
            job=self._job if settled else None,
            revision=window.revision,
            learning=learning,
        )


def _period(group: Sequence[CountedWindow]) -> tuple[str, str]:
    first, last = group[0], group[-1]
    return first.evaluated_start or first.window_start, last.evaluated_end or last.window_end


def _rows(group: Sequence[CountedWindow]) -> int:
    return sum(own.tally.rows for own in group)
