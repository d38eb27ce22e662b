"""One pass from what is new in the store to the webhooks that are told of it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.alerts import absence, lifecycle, reminders
from modeltap.analysis.verdicts import analyze
from modeltap.config.retention import Retention, parse_retention
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.settings import repeat_seconds
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import StoreDamaged, StoreError
from modeltap.notify import delivery, digest, outbox
from modeltap.store import damage, reserve, retention, unmatched
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import note_dropped
from modeltap.store.job_times import job_time, note_job_time
from modeltap.store.settings_reader import SettingsReader
from modeltap.store.watermarks import watermark

_DAY = 86_400.0
_WEEK = 604_800.0

_CHECK = "check"
"""The job that reads all pages of the store."""


class Analyzer:
    """Analyses one store as its models' settings say, and tells whom they name.

    Args:
        options: what wins over the file's settings and the stored ones (a command's flags).
    """

    def __init__(
        self, store: Path, connection: sqlite3.Connection, options: Mapping[str, object]
    ) -> None:
        self.store = Path(store)
        self.connection = connection
        self.settings = SettingsReader(connection, options)

    def run(self, **options: Any) -> analyze.Report:
        """Count and judge what is new; alerts go to the outbox. `options` as of `run.analyze`."""
        with self._sound():
            # Where nobody imports again, what still waits is counted here.
            unmatched.settle(self.connection)
            report = analyze.analyze(self.connection, self.settings.of, self._alert, **options)
        reserve.keep(self.store)
        return report

    def check(self, now: float) -> None:
        """Once a day look at all pages of the store; raises `StoreDamaged` and puts it aside.

        Damage that reads and inserts do not meet would otherwise wait for the day of need.
        """
        if now // _DAY == job_time(self.connection, _CHECK) // _DAY:
            return
        fresh = connect(self.store)  # ours may hold pages from before the damage
        try:
            damage.check(fresh, self.store, limit=None)
        except sqlite3.DatabaseError as error:
            raise self._put_aside(error) from error
        finally:
            fresh.close()
        with writing(self.connection):
            note_job_time(self.connection, _CHECK, now)

    def prune_now(self) -> int:
        """Prune after an analysis, unless `schedules.retention` has it done at times of its own."""
        return 0 if self.settings.everybodys.schedules.retention else self.prune()

    def prune(self) -> int:
        """Delete what is older, or more, than the settings keep; return how many exchanges."""
        models = self.connection.execute("select distinct model from settings").fetchall()
        said = [parse_retention(self.settings.of(row[0]).retention) for row in models]
        # Apps that share a store may say different things: the smallest holds.
        kept = Retention(
            min((one.seconds for one in said if one.seconds is not None), default=None),
            min((one.bytes for one in said if one.bytes is not None), default=None),
        )
        seen = watermark(self.connection, "seen")
        return retention.prune(self.connection, kept, seen, time.time())

    def _models(self) -> list[str]:
        rows = self.connection.execute(
            "select model from settings union select model from alerts where model <> ''"
        )
        return ["", *sorted({row[0] for row in rows} - {""})]

    def _rules_of(self, model: str) -> tuple[RuleSettings, ...]:
        return self.settings.of(model).rules

    def _owe_all(self, transitions: Sequence[lifecycle.Transition]) -> None:
        for one in transitions:
            self._owe(self.connection, [one], one.alert["model"])

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Say in words that the store is damaged or its disk full, and do about it what we can."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if damage.is_damage(error):
                raise self._put_aside(error) from error
            if reserve.is_full(self.store, error):
                raise StoreError(reserve.said(self.store, reserve.give_up(self.store))) from error
            raise

    def _put_aside(self, error: sqlite3.DatabaseError) -> StoreDamaged:
        aside = damage.put_aside(self.store, damage.inode(self.store))
        if aside is None:
            return StoreDamaged(f"store {str(self.store)!r} was damaged, and is put aside already")
        fresh = connect(self.store)
        with writing(fresh):
            note_dropped(fresh, "", os.uname().nodename, os.getpid(), {damage.reason(aside): 0})
        fresh.close()
        return StoreDamaged(
            f"store {str(self.store)!r} is damaged ({error}); it was put aside as {aside.name!r}, "
            "and a new one begun"
        )

    def watch(self, now: float) -> None:
        """Raise and end what goes by the clock: what does not come, what must be said again.

        Args:
            now: Unix seconds.
        """
        with self._sound(), writing(self.connection):
            for one in absence.watch(self.connection, self._rules_of, now):
                self._owe(self.connection, [one], one.alert["model"])
                if (one.event, one.alert["rule"]) == (lifecycle.FIRING, "analysis_failed"):
                    self._owe_all(lifecycle.lose_sight(self.connection))
            for model in self._models():
                wait = repeat_seconds(self.settings.of(model).repeat_interval)
                again = reminders.due_reminders(self.connection, model, wait, now)
                self._owe(self.connection, again, model)

    def digest(self, now: float) -> dict[str, Any]:
        """Owe the digest of the time since the last one to who wants it; return it."""
        with writing(self.connection):
            last = job_time(self.connection, digest.DIGEST)
            note_job_time(self.connection, digest.DIGEST, now)
            event = digest.digest(self.connection, clock.iso(last or now - _WEEK), clock.iso(now))
            for key, webhook in self.settings.receivers().items():
                outbox.tell(self.connection, key, webhook, event)
        return event

    def retrain(self, now: float) -> list[dict[str, Any]]:
        """Owe each model's call to train it again; return them."""
        events = []
        with writing(self.connection):
            models = [model for model in self._models() if model]
            for model in models:
                name = f"{digest.RETRAIN} {model}"
                last = job_time(self.connection, name)
                note_job_time(self.connection, name, now)
                event = digest.retrain(self.connection, model, clock.iso(last))
                events.append(event)
                for key, webhook in self.settings.receivers(model).items():
                    outbox.tell(self.connection, key, webhook, event)
        return events

    def deliver(self) -> delivery.Report:
        """Send what the outbox owes to the webhooks whose URL is known here."""
        with self._sound():
            return delivery.deliver(self.store, list(self._reachable().items()))

    def undeliverable(self) -> list[str]:
        """Return the webhooks that are owed something, and whose URL only the app knows."""
        known = self._reachable()
        rows = self.connection.execute(
            "select distinct webhook from deliveries where state = 'pending'"
        )
        return [row[0] for row in rows if row[0] not in known]

    def _reachable(self) -> dict[str, WebhookSettings]:
        known = self.settings.receivers()
        return {key: webhook for key, webhook in known.items() if webhook.url}

    def _alert(self, connection: sqlite3.Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Within the transaction of a window's metrics: its alerts, and the messages they owe."""
        model = rows[0]["model"] if rows else ""
        settings = self.settings.of(model)
        self._owe(connection, lifecycle.update(connection, rows, settings.rules), model)

    def _owe(
        self,
        connection: sqlite3.Connection,
        transitions: Sequence[lifecycle.Transition],
        model: str,
    ) -> None:
        if transitions:
            url = self.settings.of(model).dashboard_url
            told = list(self.settings.receivers(model).items())
            outbox.enqueue(connection, transitions, told, dashboard_url=url)
