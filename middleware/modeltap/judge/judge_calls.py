"""Calls of many questions: concurrency, retries, the budget, and when to stop."""

from __future__ import annotations

import heapq
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from modeltap import clock
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.judge.judge_questions import JudgeQuestion, most_tokens, request_body
from modeltap.judge.judge_replies import DESCRIPTIONS, JudgeReply
from modeltap.store.connection import writing
from modeltap.store.judge_answers import JudgeAnswer, record_answers
from modeltap.store.judge_spending import Spending, reserve_call, settle_call, spent
from modeltap.wording import plural

if TYPE_CHECKING:
    from modeltap.judge.judge_client import JudgeClient

TRANSIENT = ("rate_limited", "server_error", "timeout", "connection")
"""Outcomes that a later attempt may change."""

_OF_THE_SERVER = (*TRANSIENT, "not_json", "unexpected")

_MOST_IN_A_ROW = 8
"""Failures of the server in a row after which a run stops: it is down, or no such server."""

_FIRST_PAUSE = 0.5
"""Seconds before the first retry; each further one waits twice as long."""

_DAY = len("2024-01-31")


@dataclass
class JudgeReport:
    """Results of a run of a judge: its questions, their outcomes, and why it ended early.

    `calls` and `tokens` are those of the day so far.
    """

    questions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None
    calls: int = 0
    tokens: int = 0

    @property
    def answered(self) -> int:
        """The number of questions with an answer."""
        return self.outcomes["answered"]

    @property
    def failures(self) -> dict[str, int]:
        """The number of questions without an answer, by reason."""
        return {name: n for name, n in self.outcomes.most_common() if name != "answered" and n}

    def sentence(self) -> str:
        """Return one line about the run."""
        parts = [f"{self.answered:,} of {plural(self.questions, 'question')} answered"]
        parts += [f"{n:,} {DESCRIPTIONS[name]}" for name, n in self.failures.items()]
        text = f"{', '.join(parts)}; {plural(self.calls, 'call')} and {self.tokens:,} tokens today"
        return text if self.stopped is None else f"{text}; stopped: {self.stopped}"


@dataclass(order=True)
class _Waiting:
    """A question that may be asked from a moment on; earlier ones come first."""

    moment: float
    number: int
    attempt: int = field(compare=False)
    question: JudgeQuestion = field(compare=False)


@dataclass(frozen=True)
class _Running:
    waiting: _Waiting
    day: str
    reserved: int


OnAnswer = Callable[[], None]


class JudgeCalls:
    """Asks a judge about outputs, and stores its answers as they come.

    Args:
        seconds: the longest time of a run; None for no limit.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        model: str,
        judge: JudgeSettings,
        *,
        seconds: float | None = None,
        on_answer: OnAnswer = lambda: None,
    ) -> None:
        self._connection, self._model, self._judge = connection, model, judge
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._on_answer = on_answer
        self._limits = Spending(judge.calls_per_day, judge.tokens_per_day)
        self._in_a_row = 0
        self._report = JudgeReport()
        self._queue: list[_Waiting] = []

    def ask(self, questions: Iterable[JudgeQuestion]) -> JudgeReport:
        """Ask all questions, within the budget of the day; return what came of it."""
        self._queue = [_Waiting(0.0, n, 0, question) for n, question in enumerate(questions)]
        self._report.questions = len(self._queue)
        if self._queue:
            from modeltap.judge.judge_client import JudgeClient  # imports httpx

            client = JudgeClient(self._judge)
            try:
                with ThreadPoolExecutor(self._judge.concurrency) as pool:
                    self._run(client, pool)
            finally:
                client.close()
        self._report.calls, self._report.tokens = spent(self._connection, self._model, _today())
        return self._report

    def _run(self, client: JudgeClient, pool: ThreadPoolExecutor) -> None:
        running: dict[Future[JudgeReply], _Running] = {}
        while running or (self._queue and self._report.stopped is None):
            while self._may_start(len(running)):
                waiting = heapq.heappop(self._queue)
                body = request_body(waiting.question, self._judge)
                started = self._reserved(waiting, most_tokens(body))
                if started is None:
                    break
                future = pool.submit(client.ask, body, waiting.question.listed)
                running[future] = started
            done, _ = wait(running, timeout=self._pause(), return_when=FIRST_COMPLETED)
            if not running and self._queue and self._report.stopped is None:
                time.sleep(max(0.0, self._queue[0].moment - time.monotonic()))
            for future in done:
                self._take(running.pop(future), future.result())

    def _may_start(self, running: int) -> bool:
        if self._report.stopped is not None or not self._queue:
            return False
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._report.stopped = "time is up; the next pass continues"
            return False
        return running < self._judge.concurrency and self._queue[0].moment <= time.monotonic()

    def _pause(self) -> float | None:
        """Return the seconds until the next question may be asked; None if no one waits."""
        if self._report.stopped is not None or not self._queue:
            return None
        return max(0.01, self._queue[0].moment - time.monotonic())

    def _reserved(self, waiting: _Waiting, tokens: int) -> _Running | None:
        """Reserve a call before it is made; stop the run if the budget of the day is used up."""
        day = _today()
        with writing(self._connection):
            if reserve_call(self._connection, self._model, day, tokens, self._limits):
                return _Running(waiting, day, tokens)
        self._report.outcomes["over_budget"] += 1 + len(self._queue)
        used = spent(self._connection, self._model, day)
        self._report.stopped = (
            f"the budget of the day is used up ({used.calls:,} of {self._limits.calls:,} calls, "
            f"{used.tokens:,} of {self._limits.tokens:,} tokens; a call may take {tokens:,}); "
            "raise calls_per_day or tokens_per_day of the judge, or lower its sample"
        )
        return None

    def _take(self, own: _Running, reply: JudgeReply) -> None:
        waiting = own.waiting
        retried = (
            reply.outcome in TRANSIENT
            and waiting.attempt < self._judge.retries
            and self._report.stopped is None
        )
        with writing(self._connection):
            if reply.tokens is not None:
                settle_call(self._connection, self._model, own.day, own.reserved, reply.tokens)
            if not retried:
                answer = self._answer(waiting.question, reply)
                record_answers(self._connection, self._model, [answer])
        self._count_failures(reply)
        if retried:
            pause = _FIRST_PAUSE * 2**waiting.attempt
            moment = time.monotonic() + max(pause, reply.retry_after or 0.0)
            heapq.heappush(
                self._queue,
                _Waiting(moment, waiting.number, waiting.attempt + 1, waiting.question),
            )
            return
        self._report.outcomes[reply.outcome] += 1
        self._on_answer()

    def _answer(self, question: JudgeQuestion, reply: JudgeReply) -> JudgeAnswer:
        return JudgeAnswer(
            question.output.id,
            question.output.row,
            self._judge.key,
            msgspec.json.encode(question.listed).decode(),
            reply.choice,
            reply.outcome,
            question.is_label,
        )

    def _count_failures(self, reply: JudgeReply) -> None:
        """Stop the run if the endpoint rejects requests, or fails many times in a row."""
        host, detail = self._judge.host, f" ({reply.detail})" if reply.detail else ""
        self._in_a_row = self._in_a_row + 1 if reply.outcome in _OF_THE_SERVER else 0
        if self._report.stopped is not None:
            return
        if reply.outcome == "rejected":
            self._report.stopped = (
                f"{host} rejected a request{detail}; check url, model and api_key of the judge"
            )
        elif self._in_a_row >= _MOST_IN_A_ROW:
            self._report.stopped = (
                f"{host} failed {self._in_a_row} times in a row, last with "
                f"{DESCRIPTIONS[reply.outcome]}{detail}; check url of the judge"
            )


def _today() -> str:
    return clock.now()[:_DAY]
