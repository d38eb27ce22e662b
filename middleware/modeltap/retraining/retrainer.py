"""One run of a policy, from its trigger to its recorded result; runs whose process died."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from modeltap import interpreter
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.config.settings import SettingsByModel
from modeltap.errors import BusyError, ModeltapError
from modeltap.retraining import guard
from modeltap.retraining.guarded import CommandResult, run_guarded
from modeltap.retraining.lost_runs import DIED, lease_of, lost_runs
from modeltap.retraining.retrain_event import request_of
from modeltap.retraining.training_rows import (
    RowPeriod,
    TrainingRows,
    environment_of_rows,
    period_of,
    write_training_rows,
)
from modeltap.retraining.training_run import TrainingRun, artefact_of
from modeltap.retraining.triggers import Trigger
from modeltap.retraining.webhook_call import call_trainer
from modeltap.store import retrainings
from modeltap.store.connection import writing
from modeltap.store.lease import HeldLease
from modeltap.store.retrainings import (
    FAILED,
    INTERRUPTED,
    SKIPPED,
    SUCCEEDED,
    TIMED_OUT,
    RetrainingRun,
)
from modeltap.wording import percent, plural


@dataclass(frozen=True)
class _Ending:
    """The end of a training: its state, and columns to record."""

    state: str
    message: str | None = None
    exit: int | None = None
    artefact: str | None = None
    log: str | None = None


class Retrainer:
    """Runs policies on the rows of one store, one run of a model at a time.

    Args:
        environment: of a command; None for that of this process.
    """

    def __init__(
        self,
        store: Path,
        connection: sqlite3.Connection,
        settings: SettingsByModel,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store.absolute()
        self._connection = connection
        self._settings = settings
        self._environment = dict(os.environ if environment is None else environment)

    def run(self, model: str, policy: RetrainSettings, trigger: Trigger) -> RetrainingRun:
        """Run a policy now; return the recorded run, which may have failed.

        Raises `BusyError` if the model is being retrained; that is recorded, too.
        """
        seconds = self._settings.for_model(model).lease_seconds
        lease = lease_of(self._connection, model, seconds)
        try:
            with HeldLease(lease, 0):
                return self._run(model, policy, trigger)
        except BusyError:
            reason = f"{model} is being retrained by {lease.holder()}"
            with writing(self._connection):
                id_ = self._begin(model, policy, trigger)
                retrainings.end_run(self._connection, id_, SKIPPED, message=reason)
            raise BusyError(f"{reason}; wait until it ends") from None

    def interrupted(self) -> list[RetrainingRun]:
        """Record the runs whose process died, delete their files, and return them."""
        ended = []
        for run in lost_runs(self._connection):
            with writing(self._connection):
                retrainings.end_run(self._connection, run.id, INTERRUPTED, message=DIED, data=None)
            self._delete_data(run.data)
            ended.append(retrainings.retraining_run(self._connection, run.id))
        return ended

    def _begin(self, model: str, policy: RetrainSettings, trigger: Trigger) -> str:
        return retrainings.insert_run(
            self._connection,
            model,
            reason=trigger.reason,
            way=policy.way,
            labels=retrainings.count_all_labels(self._connection, model),
            alert_id=trigger.alert_id,
        )

    def _run(self, model: str, policy: RetrainSettings, trigger: Trigger) -> RetrainingRun:
        with writing(self._connection):
            id_ = self._begin(model, policy, trigger)
        try:
            ending = self._trained(model, policy, id_)
        except KeyboardInterrupt:
            self._end(id_, _Ending(INTERRUPTED, "stopped by a signal"))
            raise
        except (ModeltapError, OSError) as error:
            ending = _Ending(FAILED, str(error))
        except BaseException:
            self._end(id_, _Ending(FAILED, "an error in modeltap"))
            raise
        return self._end(id_, ending)

    def _trained(self, model: str, policy: RetrainSettings, id_: str) -> _Ending:
        """Export the rows and train; return how the training ended."""
        self._delete_kept(model)
        training = self._exported(model, policy, id_)
        if training.rows < policy.min_rows:
            return _Ending(SKIPPED, _too_few(training, policy))
        if policy.webhook is not None:
            return self._posted(policy, training)
        words = [training.filled(word) for word in policy.words]
        environment = self._environment
        if policy.function is not None:
            words = interpreter.command("modeltap.retraining.function_call", policy.function)
            environment = interpreter.environment()
        done = run_guarded(
            words,
            environment={**environment, **training.variables()},
            seconds=policy.timeout_seconds,
        )
        return _ending_of(done, words[0], training, policy)

    def _exported(self, model: str, policy: RetrainSettings, id_: str) -> TrainingRun:
        """Write the rows into the run's own folder and record them."""
        selection = TrainingRows(self._connection, self._settings, model, labelled=True)
        selection.environment = environment_of_rows(self._connection, model, policy)
        period = period_of(selection, model, policy)
        selection.since, selection.until = period.since, period.until
        folder = self._folder(id_)
        folder.mkdir(mode=0o700, parents=True)
        path = folder / f"rows.{policy.format}"
        with writing(self._connection):
            retrainings.change_run(
                self._connection, id_, data=str(path), environment=selection.environment
            )
        rows = write_training_rows(selection, path, policy)
        self._record_rows(id_, rows, period, selection.left_out)
        since, until = period.texts()
        return TrainingRun(
            id=id_,
            model=model,
            data=path,
            artefact=folder / "artefact",
            store=self._store,
            rows=rows,
            reason=retrainings.retraining_run(self._connection, id_).reason,
            since=since,
            until=until,
        )

    def _record_rows(self, id_: str, rows: int, period: RowPeriod, left_out: Iterable[str]) -> None:
        since, until = period.texts()
        with writing(self._connection):
            retrainings.change_run(
                self._connection,
                id_,
                rows=rows,
                since=since or None,
                until=until or None,
                left_out=json.dumps(sorted(left_out)),
            )

    def _posted(self, policy: RetrainSettings, training: TrainingRun) -> _Ending:
        """Ask an external trainer, which reads the rows from the file."""
        assert policy.webhook is not None
        event = request_of(
            self._connection, retrainings.retraining_run(self._connection, training.id)
        )
        response = call_trainer(policy.webhook, training.id, event, policy.timeout_seconds)
        receiver = policy.webhook.key
        if response.is_timeout:
            limit = f"{policy.timeout_seconds:g} s (timeout_seconds)"
            return _Ending(TIMED_OUT, f"{receiver} did not respond within {limit}")
        if response.error is not None:
            return _Ending(FAILED, f"{receiver}: {response.error}", response.status)
        artefact = artefact_of(response.artefact, training)
        return _Ending(SUCCEEDED, exit=response.status, artefact=artefact)

    def _end(self, id_: str, ending: _Ending) -> RetrainingRun:
        """Record the end of a run, and delete its rows unless an external trainer reads them."""
        run = retrainings.retraining_run(self._connection, id_)
        keeps = run.way == "webhook" and ending.state == SUCCEEDED
        if not keeps:
            self._delete_data(run.data)
        with writing(self._connection):
            retrainings.end_run(
                self._connection,
                id_,
                ending.state,
                message=ending.message,
                exit=ending.exit,
                artefact=ending.artefact,
                log=ending.log,
                data=run.data if keeps else None,
            )
        return retrainings.retraining_run(self._connection, id_)

    def _delete_kept(self, model: str) -> None:
        """Delete the rows that earlier runs left for external trainers."""
        for id_, data in retrainings.kept_files(self._connection, model):
            self._delete_data(data)
            with writing(self._connection):
                retrainings.change_run(self._connection, id_, data=None)

    def _delete_data(self, data: str | None) -> None:
        """Delete a run's rows, and its folder if nothing else is in it."""
        if data is None:
            return
        path = Path(data)
        # The path is read from the store; only folders of runs are deleted.
        if path.parent.parent != self._folder("."):
            return
        with suppress(OSError):
            path.unlink()
        for partial in path.parent.glob(f".{path.name}.*"):
            with suppress(OSError):
                partial.unlink()
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):
                folder.rmdir()

    def _folder(self, id_: str) -> Path:
        """Return the folder of a run, next to the store."""
        return self._store.with_name(f"{self._store.name}-retraining") / id_


def _too_few(training: TrainingRun, policy: RetrainSettings) -> str:
    when = f" in the last {policy.window}" if training.since else ""
    held_out = f" after {percent(policy.holdout)} are held out" if policy.holdout else ""
    return (
        f"{plural(training.rows, 'labelled row')}{when}{held_out}, but min_rows is "
        f"{policy.min_rows:,}; send labels, or change min_rows, window or holdout"
    )


def _ending_of(
    done: CommandResult, program: str, training: TrainingRun, policy: RetrainSettings
) -> _Ending:
    """Return the state and the reason of a command or a function that ended."""
    ending = _Ending(FAILED, exit=done.exit, log=done.log)
    if done.ended == guard.NOT_STARTED:
        fix = "install it, or write its full path in command"
        return replace(ending, message=f"{program!r} cannot be started: {done.reason}; {fix}")
    if done.ended == guard.TIME_LIMIT:
        limit = f"{policy.timeout_seconds:g} s (timeout_seconds)"
        return replace(ending, state=TIMED_OUT, message=f"ended after {limit}")
    if done.ended != guard.EXIT:
        return replace(ending, state=INTERRUPTED, message="the process that supervised it ended")
    if done.exit:
        return replace(ending, message=_reason(done))
    lines = done.output.strip().splitlines()
    return replace(
        ending, state=SUCCEEDED, artefact=artefact_of(lines[-1] if lines else "", training)
    )


def _reason(done: CommandResult) -> str:
    """Return the exit code of a failed training and the last line of its log."""
    code = done.exit or 0
    how = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    lines = [line.strip() for line in done.log.splitlines() if line.strip()]
    return f"{how}: {lines[-1]}" if lines else how
