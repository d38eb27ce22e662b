"""The policies of retraining in the scheduler: cheap checks whether a child has something to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from modeltap.config.improving.retrain_settings import RetrainSettings, parse_retrain
from modeltap.config.settings import Settings
from modeltap.jobs.timers import Timer
from modeltap.retraining.lost_runs import lost_runs
from modeltap.retraining.triggers import due_trigger
from modeltap.store.models import counted_models
from modeltap.store.settings import configured_models

GENERAL = ""
"""The name of the policy of all models without one of their own."""

_CHANGED_VARIABLES = ("PYTHONPATH", "OMP_NUM_THREADS")
"""Variables that a child process of the scheduler does not inherit; a training does."""


@dataclass(frozen=True)
class RetrainJob:
    """The child process to start: its arguments, its standard input, and its time limit."""

    arguments: tuple[str, ...]
    message: Mapping[str, Any]
    limit_seconds: float


@dataclass(frozen=True)
class OrderedPolicies:
    """The policies that a scheduler orders its child to check.

    Args:
        policies: by model; `GENERAL` is that of all others.
        scheduled: the models whose schedule has come.
        environment: variables that trainings get back from the app; None for those to remove.
    """

    policies: Mapping[str, RetrainSettings]
    scheduled: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        """Return the order as values for JSON. It may contain secrets."""
        return {
            "retraining": {
                "policies": {
                    model: msgspec.to_builtins(policy) for model, policy in self.policies.items()
                },
                "scheduled": list(self.scheduled),
                "environment": dict(self.environment),
            }
        }


def ordered_policies(message: Mapping[str, Any]) -> OrderedPolicies:
    """Return the order in a message of `OrderedPolicies.message`."""
    return OrderedPolicies(
        {model: parse_retrain(table) for model, table in message["policies"].items()},
        tuple(message["scheduled"]),
        message["environment"],
    )


def policies_of(settings: Settings) -> dict[str, RetrainSettings]:
    """Return the policies of settings by model; `GENERAL` is that of all others."""
    own = {GENERAL: settings.retrain} | {
        name: model.retrain for name, model in settings.models.items()
    }
    return {name: policy for name, policy in own.items() if policy is not None}


class PolicySchedule:
    """The policies of one scheduler, with the timers of their schedules.

    `schedules.retrain` runs all policies, and sends the event of models that have none.
    """

    def __init__(self, settings: Settings) -> None:
        self._policies = policies_of(settings)
        every = settings.schedules.retrain
        self._every = Timer("retrain", every) if every else None
        self._timers: dict[str, Timer] = {}
        self._job_limit = settings.job_limit_seconds

    def due(self, connection: sqlite3.Connection, now: float) -> RetrainJob | None:
        """Return the child to start at `now` (Unix seconds), None if nothing is due."""
        if self._every is not None and self._every.due(connection):
            return self._job((), ())
        models = self._models(connection)
        scheduled = [
            name for name, policy in models.items() if self._has_come(connection, name, policy)
        ]
        is_due = bool(models and lost_runs(connection)) or any(
            due_trigger(connection, name, policy, now, scheduled=name in scheduled)
            for name, policy in models.items()
        )
        return self._job(("--due",), scheduled) if is_due else None

    def _models(self, connection: sqlite3.Connection) -> dict[str, RetrainSettings]:
        """Return the models with their policies."""
        general = self._policies.get(GENERAL)
        known = {*configured_models(connection)} | {m.model for m in counted_models(connection)}
        models = {} if general is None else dict.fromkeys(sorted(known), general)
        return models | {name: own for name, own in self._policies.items() if name != GENERAL}

    def _has_come(
        self, connection: sqlite3.Connection, model: str, policy: RetrainSettings
    ) -> bool:
        """Return True if the time of a policy's schedule has come; its next interval begins."""
        if policy.schedule is None:
            return False
        if model not in self._timers:
            self._timers[model] = Timer(f"retrain {model}", policy.schedule)
        return self._timers[model].due(connection)

    def _job(self, arguments: tuple[str, ...], scheduled: list[str] | tuple[()]) -> RetrainJob:
        variables = {name: os.environ.get(name) for name in _CHANGED_VARIABLES}
        order = OrderedPolicies(self._policies, tuple(scheduled), variables)
        trainings = sum(policy.timeout_seconds for policy in self._policies.values())
        return RetrainJob(arguments, order.message(), self._job_limit + trainings)
