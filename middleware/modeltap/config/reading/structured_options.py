"""Options whose values are tables or lists of tables, of all models and of single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from modeltap.config.catalogue.metric_settings import parse_metrics
from modeltap.config.evaluation.evaluator_settings import parse_evaluators
from modeltap.config.evaluation.judge_settings import parse_judge
from modeltap.config.group_settings import parse_groups
from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.config.improving.shadow_settings import parse_shadow
from modeltap.config.metrics import CATALOGUE
from modeltap.config.validation import tables

_PARSERS: dict[str, Callable[[object, str], object]] = {
    "groups": parse_groups,
    "shadow": parse_shadow,
    "retrain": parse_retrain,
    "metrics": lambda entries, where: parse_metrics(entries, CATALOGUE, where),
    "evaluators": parse_evaluators,
    "judge": parse_judge,
}


def parse_structured(options: dict[str, Any]) -> set[str]:
    """Replace tables by their settings, in place; return the names of the user's own metrics.

    Raises `ConfigError` with the option's full name, such as ``models.m.groups``.

    >>> options = {"groups": ["sex"], "models": {"m": {"retrain": {"command": "make train"}}}}
    >>> parse_structured(options)
    set()
    >>> options["groups"][0].name, options["models"]["m"]["retrain"].words
    ('sex', ('make', 'train'))
    """
    own_metrics: set[str] = set()
    for prefix, table in _places(options):
        for name, parse in _PARSERS.items():
            if table.get(name) is not None:
                table[name] = parse(table[name], prefix + name)
        own_metrics.update(metric.name for metric in table.get("metrics") or ())
    return own_metrics


def _places(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each table that may hold these options, with the beginning of their full names."""
    yield "", options
    for name, own in tables(options.get("models")):
        yield f"models.{name}.", own
