"""Ratings of outputs by a judge of each model, in a pass of the analysis."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from modeltap.analysis.verdicts.results import WindowResult
from modeltap.clock import now
from modeltap.errors import ModeltapError
from modeltap.judge.judge_windows import JudgedModel
from modeltap.logs import logger
from modeltap.store.connection import writing
from modeltap.store.models import counted_models
from modeltap.store.runs import claim_run
from modeltap.store.settings import SettingsReader

_NUMBERS = re.compile(r"[\d,.]+")
"""Counts in a message, which differ each time."""

_DAY = len("2024-01-31")

_MOST_SECONDS = 120.0
"""The longest time of a judge's calls in a pass; the next pass continues with the rest."""


class OutputRatings:
    """The ratings of a pass; `lines` has one about each run of a judge."""

    def __init__(
        self, connection: sqlite3.Connection, settings: SettingsReader, model: str | None
    ) -> None:
        self._connection, self._settings, self._model = connection, settings, model
        self.lines: list[str] = []

    def results(self) -> Iterator[list[WindowResult]]:
        """Yield the results of each model's windows that were rated.

        A judge that cannot be used is logged; it costs only its own ratings.
        """
        for name in dict.fromkeys(own.model for own in counted_models(self._connection)):
            settings = self._settings.for_model(name)
            if settings.judge is None or self._model not in (None, name):
                continue
            judged = JudgedModel(self._connection, settings, name, _MOST_SECONDS)
            try:
                yield list(judged.rate_windows())
            except ModeltapError as error:
                self._report(name, str(error), failed=True)
            else:
                if judged.report.questions:
                    report = judged.report
                    is_news = any(own != "over_budget" for own in report.outcomes)
                    self._report(
                        name, report.sentence(), failed=is_news and report.stopped is not None
                    )

    def _report(self, model: str, text: str, *, failed: bool) -> None:
        line = f"judge of {model}: {text}"
        self.lines.append(line)
        if failed and self._is_new(model, text):
            logger.warning("modeltap: %s", line)

    def _is_new(self, model: str, text: str) -> bool:
        """Return whether this problem was not logged today: a pass may follow each minute."""
        kind = _NUMBERS.sub("", text)
        with writing(self._connection):
            return claim_run(self._connection, f"judge problem {model}", f"{now()[:_DAY]} {kind}")
