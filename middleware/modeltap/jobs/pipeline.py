"""One pass from new exchanges to messages: analysis, alerts, outbox, delivery.

The lower layers return results. This module composes them and opens the transactions.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from threadpoolctl import threadpool_limits

from modeltap import clock
from modeltap.alerts import absence, acceptance, changes, lifecycle, reminders
from modeltap.alerts.transitions import Transition
from modeltap.analysis.counting.counter import OnProgress, WindowCounter, do_nothing
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.learning import relearn
from modeltap.analysis.verdicts import analyze, capture_loss, rejected_times, results
from modeltap.analysis.verdicts.results import WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.config.validation import Retention, parse_retention
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import BusyError, InputError
from modeltap.jobs import store_health
from modeltap.jobs.coverage_log import log_masked, log_unmonitored, log_untested
from modeltap.jobs.output_ratings import OutputRatings
from modeltap.jobs.pacing import Pace
from modeltap.jobs.view_updates import update_store_views
from modeltap.notify import digest, outbox
from modeltap.notify.delivery import DeliveryReport, deliver
from modeltap.retraining.retrain_event import outcome_of
from modeltap.store import reserve, retention, unmatched
from modeltap.store.alerts import models_with_alerts
from modeltap.store.connection import enlarge_cache, writing
from modeltap.store.deliveries import Waiting, waiting, webhooks_with_messages
from modeltap.store.job_times import begin_pass, end_pass, job_time, record_job_time
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.models import counted_models
from modeltap.store.pending_work import pending_work
from modeltap.store.references import active_reference, count_frozen
from modeltap.store.retrainings import RetrainingRun
from modeltap.store.settings import SettingsReader, configured_models
from modeltap.store.watermarks import SEEN, watermark

_MAX_REST = 0.5
"""Fraction of its time limit that a throttled pass may spend resting."""


_LEASE_WAIT = 60.0
"""Seconds to wait for another analysis before ratings are written."""

PASS_WINDOWS = 500
"""Maximum number of windows in a scheduled pass. A window with many columns takes half a second,
so the pass ends before its time limit and other jobs can run."""


@dataclass(frozen=True)
class AnalysisReport:
    """Counts of new exchanges, frozen references and evaluated windows.

    `unfinished` is True if the limit of windows was reached and the next pass continues.
    """

    exchanges: int
    references: int
    windows: int
    unfinished: bool = False


@dataclass(frozen=True)
class PassReport:
    """The results of a pass. Messages to `unreachable` webhooks can only be sent by the app."""

    analysis: AnalysisReport
    pruned: int
    delivery: DeliveryReport
    unreachable: Sequence[str] = ()
    ratings: Sequence[str] = ()
    """A line about each judge that rated outputs."""


@dataclass(frozen=True)
class DeliveryPass:
    """The result of a delivery, and the messages that are scheduled for a later attempt."""

    delivery: DeliveryReport
    waiting: Waiting


@dataclass(frozen=True)
class AcceptanceReport:
    """The resolved incidents, the start of the first, and whether a new reference is learnt."""

    summaries: Sequence[str]
    since: str | None
    learns: bool


class RunOptions(TypedDict, total=False):
    """Options of one analysis; see `Analyzer.run`."""

    model: str | None
    wait: float
    include_open: bool
    again: bool
    on_progress: OnProgress
    most_windows: int | None


class Analyzer:
    """Analyses a store with its models' settings, and enqueues messages for their webhooks.

    Args:
        options: a command's flags, which override the settings of the file and of the store.
    """

    def __init__(
        self, store: Path, connection: sqlite3.Connection, options: Mapping[str, object]
    ) -> None:
        self.store = Path(store)
        self.connection = connection
        self.settings = SettingsReader(connection, options)

    def run_pass(
        self, *, send: bool = True, throttled: bool = False, **options: Unpack[RunOptions]
    ) -> PassReport:
        """Analyse, check the store and prune; with `send`, check for absence and deliver.

        Args:
            throttled: rest while other processes are busy, up to half of the job's time limit.
        """
        with self._pace() if throttled else nullcontext():
            analysis = self.run(**options)
        update_store_views(self.store, self.connection, self.settings)
        ratings = self.rate_outputs(options.get("model"))
        self.check(time.time())
        pruned = self.prune_after_analysis()
        if not send:
            return PassReport(analysis, pruned, DeliveryReport(), ratings=ratings)
        self.report_absence(time.time())
        delivery = self.deliver()
        return PassReport(analysis, pruned, delivery, self.unreachable_webhooks(), ratings)

    def run_delivery(self) -> DeliveryPass:
        """Check for missing traffic or labels, and send pending messages."""
        self.report_absence(time.time())
        return DeliveryPass(self.deliver(), waiting(self.connection))

    def run_digest(self) -> dict[str, Any]:
        """Enqueue the digest and send pending messages; return its event."""
        event = self.digest(time.time())
        self.deliver()
        return event

    def run(
        self,
        *,
        model: str | None = None,
        wait: float = 60.0,
        include_open: bool = False,
        again: bool = False,
        on_progress: OnProgress = do_nothing,
        most_windows: int | None = None,
    ) -> AnalysisReport:
        """Count new exchanges and evaluate complete windows. A second run finds no new data.

        Args:
            model: evaluate only the inputs of this model; exchanges of all models are counted.
            wait: seconds to wait for another analysis to finish.
            include_open: also evaluate windows that are not complete.
            again: recompute all windows, without alerts.
            on_progress: called after each chunk of work.
            most_windows: maximum number of windows to evaluate; None evaluates all.

        Raises `BusyError` if another analysis holds the lease for longer than `wait`.
        """
        scope = PassScope(self.connection, self.settings, model, include_open, again)
        with store_health.explained(self.store):
            # Requests and responses without a counterpart are counted here if no further import
            # does it.
            if pending_work(self.connection, time.time()).unmatched:
                unmatched.settle(self.connection)
            # The matrices of a window are small, so a second thread would only spin and wait.
            one_thread = threadpool_limits(1, user_api="blas")
            with one_thread, HeldLease(Lease(self.connection, analyze.LEASE), wait) as lease:
                report = self._analyze(scope, lease, on_progress, most_windows)
        reserve.keep(self.store)
        return report

    def rate_outputs(self, model: str | None = None) -> list[str]:
        """Ask each judge about outputs of the last windows; return a line about each run.

        The lease of the analysis is only held to write: a judge may take minutes.
        """
        ratings = OutputRatings(self.connection, self.settings, model)
        with store_health.explained(self.store):
            for rated_windows in ratings.results():
                with HeldLease(Lease(self.connection, analyze.LEASE), _LEASE_WAIT) as lease:
                    for result in rated_windows:
                        self._write(lease, result)
        return ratings.lines

    def check(self, now: float) -> None:
        """Read all pages of the store once a day; move a damaged store away, `StoreDamaged`."""
        store_health.check_daily(self.store, self.connection, now)

    def prune_after_analysis(self) -> int:
        """Prune unless `schedules.retention` is set; return the number of deleted exchanges."""
        return 0 if self.settings.general.schedules.retention else self.prune()

    def prune(self) -> int:
        """Delete exchanges beyond the retention limits; return their number."""
        limits = [
            parse_retention(self.settings.for_model(model).retention)
            for model in configured_models(self.connection)
        ]
        # Apps that share a store may have different settings; the smallest limit applies.
        smallest = Retention(
            min((limit.seconds for limit in limits if limit.seconds is not None), default=None),
            min((limit.bytes for limit in limits if limit.bytes is not None), default=None),
        )
        seen = watermark(self.connection, SEEN)
        return retention.prune(self.connection, smallest, seen, time.time())

    def accept(self, model: str, version: str) -> AcceptanceReport:
        """Accept the drift of the open incidents about a model's inputs as its new normal.

        The incidents are resolved with a note. Windows of a rolling reference are then compared
        with rows since the incidents began; a frozen reference is replaced by a new one, learnt
        from those rows.

        Raises `InputError` if the model has no reference.
        """
        with HeldLease(Lease(self.connection, analyze.LEASE), 60):
            row = active_reference(self.connection, model, version)
            if row is None:
                raise InputError(
                    f"{model} has no reference yet, so there is nothing to replace; see "
                    "`modeltap reference show`"
                )
            since = acceptance.open_since(self.connection, model, version)
            learns = since is not None and not Reference.from_json(row.payload).rolling
            if since is not None and learns:
                relearn(self.connection, model, version, since)
            with writing(self.connection):
                resolved = acceptance.accept(self.connection, model, version)
                self._enqueue(resolved, model)
        summaries = [transition.alert["summary"] for transition in resolved]
        return AcceptanceReport(summaries, since, learns)

    def report_absence(self, now: float) -> None:
        """Update the alerts about missing traffic or labels, and enqueue due reminders.

        Args:
            now: Unix seconds.
        """
        with store_health.explained(self.store), writing(self.connection):
            for transition in absence.update(self.connection, self.settings, now):
                self._enqueue([transition], transition.alert["model"])
                if absence.is_failed_analysis(transition):
                    for unknown in changes.mark_unknown(self.connection):
                        self._enqueue([unknown], unknown.alert["model"])
            for model, due in reminders.due_reminders(self.connection, self.settings, now).items():
                self._enqueue(due, model)

    def digest(self, now: float) -> dict[str, Any]:
        """Enqueue a digest of the period since the last one; return its event."""
        with writing(self.connection):
            last = job_time(self.connection, digest.DIGEST)
            record_job_time(self.connection, digest.DIGEST, now)
            event = digest.digest(
                self.connection,
                self.settings,
                clock.iso(last or now - clock.WEEK),
                clock.iso(now),
            )
            self._enqueue_event(event, "")
        return event

    def retrain(self, now: float, models: Iterable[str]) -> list[dict[str, Any]]:
        """Enqueue the retraining event of each of the models; return the events."""
        events = []
        with writing(self.connection):
            for model in models:
                name = f"{digest.RETRAIN} {model}"
                last = job_time(self.connection, name)
                record_job_time(self.connection, name, now)
                event = digest.retrain(self.connection, model, clock.iso(last))
                events.append(event)
                self._enqueue_event(event, model)
        return events

    def report_run(self, run: RetrainingRun, now: float) -> None:
        """Enqueue the event about a run of a policy that has ended."""
        with writing(self.connection):
            self._enqueue_event(outcome_of(self.connection, run, now), run.model)

    def deliver(self) -> DeliveryReport:
        """Send pending messages to the webhooks with a known URL."""
        with store_health.explained(self.store):
            return deliver(self.store, list(self._reachable().items()))

    def unreachable_webhooks(self) -> list[str]:
        """Return the webhooks with pending messages and a URL that only the app knows."""
        known = self._reachable()
        return [key for key in webhooks_with_messages(self.connection) if key not in known]

    def models(self) -> list[str]:
        """Return the models with settings, alerts or counted rows, sorted."""
        known = {*configured_models(self.connection), *models_with_alerts(self.connection)}
        known.update(entry.model for entry in counted_models(self.connection))
        return sorted(known - {""})

    def _analyze(
        self, scope: PassScope, lease: Lease, on_progress: OnProgress, most_windows: int | None
    ) -> AnalysisReport:
        begin_pass(self.connection)
        enlarge_cache(self.connection)
        counter = WindowCounter(self.connection, self.settings, lease, on_progress)
        exchanges, before = analyze.count(counter), count_frozen(self.connection)
        windows, unfinished = 0, False
        for result in analyze.results(scope, counter):
            if self._write(lease, result, again=scope.again):
                windows += result.is_last
                on_progress()
            # No window may be left. The next pass finds out with one query.
            if unfinished := windows == most_windows:
                break
        for result in rejected_times.results(self.connection):
            self._write(lease, result)
        for result in analyze.covered_hours(self.connection, self.settings):
            self._write(lease, result)
        if pending_work(self.connection, time.time()).dropped:
            for result in capture_loss.results(self.connection, time.time()):
                self._write(lease, result)
        if scope.model is None and not unfinished:
            end_pass(self.connection)
        frozen = count_frozen(self.connection) - before
        if frozen:
            log_untested(self.connection, self.settings)
        if exchanges:
            log_masked(self.connection, self.settings)
        return AnalysisReport(exchanges, frozen, windows, unfinished)

    def _write(self, lease: Lease, result: WindowResult, *, again: bool = False) -> bool:
        """Write a window's metrics, alerts and messages in one transaction.

        Returns False if another analysis wrote the window or took over the lease.
        """
        try:
            with lease.transaction() as connection:
                rows = results.write(connection, result, again=again)
                if rows and not again:
                    model = result.period.model
                    rules = self.settings.for_model(model).rules
                    transitions = lifecycle.update(
                        connection, rows, rules, learning=result.learning
                    )
                    self._enqueue(transitions, model)
                    log_unmonitored(transitions)
        except BusyError:
            return False
        return rows is not None

    def _enqueue(self, transitions: Sequence[Transition], model: str) -> None:
        """Enqueue messages about a model's alerts, inside the caller's transaction."""
        if transitions:
            url = self.settings.for_model(model).dashboard_url
            webhooks = list(self.settings.receivers(model).items())
            outbox.enqueue(self.connection, transitions, webhooks, dashboard_url=url)

    def _enqueue_event(self, event: Mapping[str, Any], model: str) -> None:
        for key, webhook in self.settings.receivers(model).items():
            outbox.enqueue_event(self.connection, key, webhook, event)

    def _reachable(self) -> dict[str, WebhookSettings]:
        known = self.settings.receivers()
        return {key: webhook for key, webhook in known.items() if webhook.url}

    def _pace(self) -> Pace:
        budget = _MAX_REST * self.settings.for_model("").job_limit_seconds
        return Pace(budget, self.connection)
