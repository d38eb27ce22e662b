"""A pass of retraining: the runs whose process died, those that are due, and their messages."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from modeltap import clock
from modeltap.comparison.model_comparison import compare_candidate
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.config.settings import Settings
from modeltap.errors import BusyError, ModeltapError
from modeltap.jobs.pipeline import Analyzer
from modeltap.jobs.policy_schedule import GENERAL, OrderedPolicies, policies_of
from modeltap.logs import logger
from modeltap.retraining.retrainer import Retrainer
from modeltap.retraining.triggers import BY_HAND, Trigger, due_trigger
from modeltap.store.connection import connect, writing
from modeltap.store.models import require_model
from modeltap.store.retrainings import (
    SUCCEEDED,
    RetrainingRun,
    change_run,
    last_runs,
    retraining_run,
)


def retrain_now(store: Path, model: str, settings: Settings | None = None) -> RetrainingRun | None:
    """Run a model's policy now; return the recorded run, which may have failed.

    A model without a policy sends the event `retrain` to subscribed webhooks instead; None.

    Args:
        settings: those of the app in this process, whose policies and webhooks no file may have.

    Raises `InputError` if the model is unknown, `BusyError` if it is being retrained.
    """
    ordered, options = None, {}
    if settings is not None:
        ordered = OrderedPolicies(policies_of(settings))
        options["webhooks"] = msgspec.to_builtins(list(settings.webhooks))
    with closing(connect(store, create=False)) as connection:
        require_model(connection, model)
        retraining = RetrainingPass(Analyzer(store, connection, options), ordered)
        *_, last = retraining.runs(model)
    return last if isinstance(last, RetrainingRun) else None


class RetrainingPass:
    """Runs the policies of a store's models, and reports each run to the webhooks.

    Args:
        ordered: the policies of the scheduler that started this process; None reads the settings.
    """

    def __init__(self, analyzer: Analyzer, ordered: OrderedPolicies | None = None) -> None:
        self._analyzer = analyzer
        self._ordered = ordered
        environment = dict(os.environ)
        for name, value in ordered.environment.items() if ordered else ():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        self._retrainer = Retrainer(
            analyzer.store, analyzer.connection, analyzer.settings, environment
        )

    def policy(self, model: str) -> RetrainSettings | None:
        """Return the policy of a model, None if it has none."""
        own = self._analyzer.settings.for_model(model).retrain
        if self._ordered is None:
            return own
        known = self._ordered.policies
        return known.get(model) or known.get(GENERAL) or own

    def runs(
        self, model: str | None = None, *, due: bool = False
    ) -> Iterator[RetrainingRun | dict[str, Any]]:
        """Report lost runs, run the policies of one or all models, and send the messages.

        Yields each run as it ends, and the event for a model without a policy.

        Args:
            due: only the policies that a trigger has made due.
        """
        yield from self.lost()
        yield from self.due() if due else self.all(model)
        self.deliver()

    def lost(self) -> list[RetrainingRun]:
        """Record and report the runs whose process died; return them."""
        return [self._reported(run) for run in self._retrainer.interrupted()]

    def due(self) -> Iterator[RetrainingRun]:
        """Run each policy that a trigger has made due; yield the runs."""
        scheduled = self._ordered.scheduled if self._ordered else ()
        for model in self._models():
            policy = self.policy(model)
            if policy is None:
                continue
            now = time.time()
            trigger = due_trigger(
                self._analyzer.connection, model, policy, now, scheduled=model in scheduled
            )
            if trigger is not None:
                yield self.run(model, policy, trigger)

    def all(self, model: str | None = None) -> Iterator[RetrainingRun | dict[str, Any]]:
        """Run the policies of one or all models now; yield the runs.

        Yields the event for a model without a policy.
        """
        for name in [model] if model else self._models():
            policy = self.policy(name)
            if policy is None:
                yield from self._analyzer.retrain(time.time(), [name])
            elif model is not None:
                yield self.run(name, policy, Trigger(BY_HAND))
            else:
                yield from self._run_if_free(name, policy)

    def deliver(self) -> None:
        """Send pending messages."""
        self._analyzer.deliver()

    def run(self, model: str, policy: RetrainSettings, trigger: Trigger) -> RetrainingRun:
        """Run a policy now and report it."""
        warning = policy.warning(model)
        if warning is not None:
            logger.warning("modeltap: %s", warning)
        began = clock.now()
        try:
            run = self._retrainer.run(model, policy, trigger)
            if run.state == SUCCEEDED and run.artefact is not None and policy.holdout:
                run = self._compared(run, policy)
            return self._reported(run)
        except KeyboardInterrupt:
            for run in last_runs(self._analyzer.connection, model, 1):
                if run.started_at >= began:
                    self._reported(run)
            raise

    def _run_if_free(self, model: str, policy: RetrainSettings) -> Iterator[RetrainingRun]:
        try:
            yield self.run(model, policy, Trigger(BY_HAND))
        except BusyError as error:
            logger.warning("modeltap: %s", error)

    def _compared(self, run: RetrainingRun, policy: RetrainSettings) -> RetrainingRun:
        """Compare the candidate on the rows after those that it was trained on; record it."""
        try:
            comparison = compare_candidate(
                run.artefact or "",
                self._analyzer.store,
                model=run.model,
                since=run.until,
                environment=run.environment,
                timeout_seconds=policy.timeout_seconds,
            )
        except ModeltapError as error:
            result = {"message": f"not compared: {error}"}
        else:
            result = {
                "verdict": comparison.verdict,
                "comparison": json.dumps([row.to_dict() for row in comparison.rows]),
            }
        with writing(self._analyzer.connection):
            change_run(self._analyzer.connection, run.id, **result)
        return retraining_run(self._analyzer.connection, run.id)

    def _models(self) -> list[str]:
        ordered = self._ordered.policies if self._ordered else {}
        return sorted({*self._analyzer.models(), *ordered} - {GENERAL})

    def _reported(self, run: RetrainingRun) -> RetrainingRun:
        self._analyzer.report_run(run, time.time())
        return run
