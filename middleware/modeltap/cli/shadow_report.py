"""Shadow traffic in `status` and `doctor`: what became of requests chosen for a challenger."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from modeltap import clock
from modeltap.cli.finding import NOTE, OK, PROBLEM, Finding
from modeltap.config.settings import Settings
from modeltap.environments import named, with_environment
from modeltap.errors import ModeltapError, nearest
from modeltap.store.models import known_models
from modeltap.store.shadow_counts import ShadowTotal, shadow_totals
from modeltap.wording import plural

_RECENT_SECONDS = 24 * 3600.0
"""Earlier losses say nothing about today's challenger."""

_MOST_LOST = 0.5
"""If more requests than this are lost, the comparison may be about a selection of requests."""

_NAMED = 4
"""Maximum number of reasons to name."""


def recent_totals(connection: sqlite3.Connection, model: str | None = None) -> list[ShadowTotal]:
    """Return the outcomes of the last day, of a model or of all models."""
    return shadow_totals(connection, model, since=clock.iso(time.time() - _RECENT_SECONDS))


def shadow_sentence(total: ShadowTotal) -> str:
    """Return a challenger's outcomes as text.

    >>> shadow_sentence(ShadowTotal("m", "", "next", 90, {"timeout": 9, "redirect": 1}, ""))
    "shadow candidate 'next': 90 of 100 requests of the last day kept; lost: 9 timeout, 1 redirect"
    """
    text = (
        f"shadow candidate {total.candidate!r}: {total.kept:,} of "
        f"{plural(total.kept + total.lost, 'request')} of the last day kept"
    )
    if not total.losses:
        return text
    reasons = [f"{count:,} {reason}" for reason, count in list(total.losses.items())[:_NAMED]]
    if len(total.losses) > _NAMED:
        reasons.append(f"{sum(list(total.losses.values())[_NAMED:]):,} for other reasons")
    return f"{text}; lost: {', '.join(reasons)}"


def shadow_row(total: ShadowTotal) -> dict[str, Any]:
    """Return a challenger's outcomes for `status --json`."""
    return {"candidate": total.candidate, "kept": total.kept, "lost_by_reason": total.losses}


def shadow_findings(connection: sqlite3.Connection, settings: Settings) -> Iterator[Finding]:
    """Yield the findings about configured challengers, and about the requests sent to them."""
    known = known_models(connection)
    for name, own in settings.models.items():
        if own.shadow is not None and name not in known:
            hint = nearest(name, known) or "; the store has no model yet"
            yield Finding(
                "shadow",
                NOTE,
                f"no requests of model {name!r} in this store{hint}",
                model=name,
                fix="correct the name in [models.NAME], or send the model requests",
            )
    for challenger in settings.challengers:
        try:
            challenger.resolved()
        except ModeltapError as error:
            fix = "correct it in modeltap.toml or in the environment"
            yield Finding("shadow", PROBLEM, str(error), fix=fix)
    for total in recent_totals(connection):
        owner = named(total.model, with_environment("", total.environment))
        often = total.lost > _MOST_LOST * (total.kept + total.lost)
        yield Finding(
            "shadow",
            PROBLEM if often else OK,
            f"{owner}: {shadow_sentence(total)}",
            model=total.model,
            subject=total.candidate,
            count=total.kept,
            total=total.kept + total.lost,
            fix="check that the challenger runs, answers in time and takes these requests"
            if often
            else None,
        )
