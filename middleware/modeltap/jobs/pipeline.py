"""One pass from new exchanges to messages: analysis, alerts, outbox, delivery.

The lower layers return results. This module composes them, and opens the transactions.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from modeltap import clock
from modeltap.alerts import absence, acceptance, changes, lifecycle, reminders
from modeltap.alerts.transitions import Transition
from modeltap.analysis.counting.counter import OnPiece, WindowCounter, go_on
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.learning import relearn
from modeltap.analysis.verdicts import analyze, capture_loss, rejected_times, results
from modeltap.analysis.verdicts.results import WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.config.retention import Retention, parse_retention
from modeltap.config.settings import repeat_seconds
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import BusyError, InputError
from modeltap.jobs import store_health
from modeltap.jobs.coverage_log import log_masked, log_unmonitored, log_untested
from modeltap.jobs.pacing import Pace
from modeltap.notify import digest, outbox
from modeltap.notify.delivery import DeliveryReport, deliver
from modeltap.store import reserve, retention, unmatched
from modeltap.store.alerts import models_with_alerts
from modeltap.store.connection import writing
from modeltap.store.deliveries import Waiting, waiting, webhooks_with_messages
from modeltap.store.job_times import begin_pass, end_pass, job_time, record_job_time
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.pending_work import pending_work
from modeltap.store.references import active_reference, count_frozen
from modeltap.store.settings import SettingsReader, configured_models
from modeltap.store.watermarks import SEEN, watermark

_MAX_REST = 0.5
"""Throttled, a pass may rest for this fraction of its time limit: the rest is for its work."""


PASS_WINDOWS = 500
"""Windows that a scheduled pass evaluates at most: half a second each where rows are wide, so that
it ends before its time limit and others have their turn."""


@dataclass(frozen=True)
class AnalysisReport:
    """How many exchanges were counted, references frozen and windows evaluated.

    `unfinished` is whether a limit of windows left some for the next pass.
    """

    exchanges: int
    references: int
    windows: int
    unfinished: bool = False


@dataclass(frozen=True)
class PassReport:
    """The work of a pass; messages to `unreachable` webhooks wait for the app's own process."""

    analysis: AnalysisReport
    pruned: int
    delivery: DeliveryReport
    unreachable: Sequence[str] = ()


@dataclass(frozen=True)
class DeliveryPass:
    """Messages that were sent, and those that wait for a later attempt."""

    delivery: DeliveryReport
    waiting: Waiting


@dataclass(frozen=True)
class AcceptanceReport:
    """The incidents that ended, when the first began, and whether a reference is learnt anew."""

    summaries: Sequence[str]
    since: str | None
    learns: bool


class RunOptions(TypedDict, total=False):
    """Options of one analysis; see `Analyzer.run`."""

    model: str | None
    wait: float
    include_open: bool
    again: bool
    on_progress: OnPiece
    most_windows: int | None


class Analyzer:
    """Analyses one store by its models' settings, and reports to the webhooks they name.

    Args:
        options: override the file's settings and the stored ones (a command's flags).
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
        """Analyse, check the store, prune; then, with `send`, check for absence and deliver.

        Args:
            throttled: rest while other processes need the CPUs, up to half of the job's limit.
        """
        with self._pace() if throttled else nullcontext():
            analysis = self.run(**options)
        self.check(time.time())
        pruned = self.prune_after_analysis()
        if not send:
            return PassReport(analysis, pruned, DeliveryReport())
        self.report_absence(time.time())
        return PassReport(analysis, pruned, self.deliver(), self.unreachable_webhooks())

    def run_delivery(self) -> DeliveryPass:
        """Check for missing traffic or labels, and send pending messages."""
        self.report_absence(time.time())
        return DeliveryPass(self.deliver(), waiting(self.connection))

    def run_digest(self) -> dict[str, Any]:
        """Enqueue the digest and send pending messages; return its event."""
        event = self.digest(time.time())
        self.deliver()
        return event

    def run_retrain(self) -> list[dict[str, Any]]:
        """Enqueue the retraining events and send pending messages; return the events."""
        events = self.retrain(time.time())
        self.deliver()
        return events

    def run(
        self,
        *,
        model: str | None = None,
        wait: float = 60.0,
        include_open: bool = False,
        again: bool = False,
        on_progress: OnPiece = go_on,
        most_windows: int | None = None,
    ) -> AnalysisReport:
        """Count new exchanges and evaluate complete windows; a second run finds nothing to do.

        Args:
            model: evaluate the inputs of this one only; counted are all.
            wait: seconds to wait for another analysis to end.
            include_open: also evaluate windows that are not complete.
            again: compute all windows anew, without alerts.
            on_progress: called after each chunk of work.
            most_windows: leave more windows than these to the next run; None evaluates all.

        Raises `BusyError` when another analysis holds the lease for longer than `wait`.
        """
        scope = PassScope(self.connection, self.settings, model, include_open, again)
        with store_health.explained(self.store):
            # Where nobody imports again, a request or response without its other half is counted
            # here.
            if pending_work(self.connection, time.time()).unmatched:
                unmatched.settle(self.connection)
            with HeldLease(Lease(self.connection, analyze.LEASE), wait) as lease:
                report = self._analyze(scope, lease, on_progress, most_windows)
        reserve.keep(self.store)
        return report

    def check(self, now: float) -> None:
        """Once a day read all pages of the store; raises `StoreDamaged` and puts it aside."""
        store_health.check_daily(self.store, self.connection, now)

    def prune_after_analysis(self) -> int:
        """Prune, unless `schedules.retention` has times of its own; return how many exchanges."""
        return 0 if self.settings.general.schedules.retention else self.prune()

    def prune(self) -> int:
        """Delete exchanges that the settings do not keep; return how many."""
        kept = [
            parse_retention(self.settings.for_model(model).retention)
            for model in configured_models(self.connection)
        ]
        # Apps that share a store may have different settings: the smallest limit applies.
        smallest = Retention(
            min((one.seconds for one in kept if one.seconds is not None), default=None),
            min((one.bytes for one in kept if one.bytes is not None), default=None),
        )
        seen = watermark(self.connection, SEEN)
        return retention.prune(self.connection, smallest, seen, time.time())

    def accept(self, model: str, version: str) -> AcceptanceReport:
        """Take what the open incidents about a model's inputs show for its new normal.

        They end with a note. The comparison of a rolling reference moves on to what came since
        they began; a frozen one is learnt anew from it.

        Raises `InputError` where no reference is there.
        """
        with HeldLease(Lease(self.connection, analyze.LEASE), 60):
            row = active_reference(self.connection, model, version)
            if row is None:
                raise InputError(f"{model} has no reference yet: there is no normal to replace")
            since = acceptance.open_since(self.connection, model, version)
            learns = since is not None and not Reference.from_json(row.payload).rolling
            if since is not None and learns:
                relearn(self.connection, model, version, since)
            with writing(self.connection):
                ended = acceptance.accept(self.connection, model, version)
                self._enqueue(ended, model)
        return AcceptanceReport([one.alert["summary"] for one in ended], since, learns)

    def report_absence(self, now: float) -> None:
        """Raise and end the alerts about missing traffic or labels, and repeat due ones.

        Args:
            now: Unix seconds.
        """
        with store_health.explained(self.store), writing(self.connection):
            for transition in absence.update(self.connection, self.settings, now):
                self._enqueue([transition], transition.alert["model"])
                if absence.is_failed_analysis(transition):
                    for unknown in changes.mark_unknown(self.connection):
                        self._enqueue([unknown], unknown.alert["model"])
            for model in ["", *self._models()]:
                interval = repeat_seconds(self.settings.for_model(model).repeat_interval)
                due = reminders.due_reminders(self.connection, model, interval, now)
                self._enqueue(due, model)

    def digest(self, now: float) -> dict[str, Any]:
        """Enqueue the digest of the time since the last one; return its event."""
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

    def retrain(self, now: float) -> list[dict[str, Any]]:
        """Enqueue the retraining event of each model; return the events."""
        events = []
        with writing(self.connection):
            for model in self._models():
                name = f"{digest.RETRAIN} {model}"
                last = job_time(self.connection, name)
                record_job_time(self.connection, name, now)
                event = digest.retrain(self.connection, model, clock.iso(last))
                events.append(event)
                self._enqueue_event(event, model)
        return events

    def deliver(self) -> DeliveryReport:
        """Send pending messages to the webhooks whose URL is known here."""
        with store_health.explained(self.store):
            return deliver(self.store, list(self._reachable().items()))

    def unreachable_webhooks(self) -> list[str]:
        """Return the webhooks with pending messages whose URL only the app knows."""
        known = self._reachable()
        return [key for key in webhooks_with_messages(self.connection) if key not in known]

    def _analyze(
        self, scope: PassScope, lease: Lease, on_progress: OnPiece, most_windows: int | None
    ) -> AnalysisReport:
        begin_pass(self.connection)
        counter = WindowCounter(self.connection, self.settings, lease, on_progress)
        exchanges, before = analyze.count(counter), count_frozen(self.connection)
        windows, unfinished = 0, False
        for result in analyze.results(scope, counter):
            if self._write(lease, result, again=scope.again):
                windows += result.is_last
                on_progress()
            # There may be none left: the next pass finds out, at the price of one query.
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
        """Write a window's metrics, its alerts and their messages, in one transaction.

        False if another analysis wrote the window, or took the lease over.
        """
        try:
            with lease.transaction() as connection:
                rows = results.write(connection, result, again=again)
                if rows and not again:
                    model = result.period.model
                    rules = self.settings.for_model(model).rules
                    changed = lifecycle.update(connection, rows, rules, learning=result.learning)
                    self._enqueue(changed, model)
                    log_unmonitored(changed)
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

    def _models(self) -> list[str]:
        """Return the models that have settings or alerts, in order."""
        known = {*configured_models(self.connection), *models_with_alerts(self.connection)}
        return sorted(known - {""})

    def _reachable(self) -> dict[str, WebhookSettings]:
        known = self.settings.receivers()
        return {key: webhook for key, webhook in known.items() if webhook.url}

    def _pace(self) -> Pace:
        budget = _MAX_REST * self.settings.for_model("").job_limit_seconds
        return Pace(budget, self.connection)
