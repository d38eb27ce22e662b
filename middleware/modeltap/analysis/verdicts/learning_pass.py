"""Learning of a reference: a provisional reference, its windows, and the final freezing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references import learning
from modeltap.analysis.references.freeze import freeze_named_file, freeze_rows, save
from modeltap.analysis.references.learning import Learning
from modeltap.analysis.verdicts.input_windows import InputWindows
from modeltap.analysis.verdicts.learning_windows import LearningWindows
from modeltap.analysis.verdicts.results import WindowResult
from modeltap.analysis.verdicts.scope import PassScope
from modeltap.config.reference_settings import parse_reference
from modeltap.config.windows import Window
from modeltap.environments import environment_of
from modeltap.logs import logger
from modeltap.store.connection import writing
from modeltap.store.predictions import LAST, rows_between
from modeltap.store.references import active_reference, active_references, copy_rows


def learn(
    scope: PassScope, counter: WindowCounter, model: str, version: str
) -> Iterator[WindowResult]:
    """Yield the result of each due window of the learning period; freeze a complete reference.

    Write each result before requesting the next. Raises `InputError` for a reference file that
    cannot be read.
    """
    settings = scope.settings.for_model(model)
    if parse_reference(settings.reference).kind == "file":
        counter.recount(freeze_named_file(counter, model, version))
        return
    inherited = _inherited(scope, model, version)
    if inherited is not None:
        counter.recount(inherited)
        if is_settled(inherited):
            return
    previous, current = None, learning.learning_of(scope.connection, settings, model, version)
    while current is not None and current != previous:
        # Windows that alert are excluded and replaced by later rows, until no more of them alert.
        yield from _windows(scope, counter, model, version, current)
        scope = replace(scope, again=False)  # repeat evaluations only once
        previous = current
        current = learning.learning_of(scope.connection, settings, model, version)
    if current is not None and current.end is not None and _is_over(scope, model, version, current):
        _freeze(scope, counter, model, version, current)


def is_settled(reference: Reference | None) -> bool:
    """Return whether a model's version has its own reference, completely learnt."""
    return reference is not None and reference.state == "active" and not reference.inherited


def _inherited(scope: PassScope, model: str, version: str) -> Reference | None:
    """Return the newest reference of another version, used until this version's is learnt.

    References of other environments are excluded, because their data may be of another kind.
    """
    if active_reference(scope.connection, model, version) is not None:
        return None
    others = [
        row
        for row in active_references(scope.connection, model)
        if row.state == "active" and environment_of(row.version) == environment_of(version)
    ]
    if not others:
        return None
    newest = max(others, key=lambda row: row.created_at)
    temporary = scope.settings.for_model(model).per_version
    inherited = msgspec.structs.replace(
        Reference.from_json(newest.payload), version=version, inherited=temporary
    )
    with writing(scope.connection):
        save(scope.connection, inherited)
        copy_rows(scope.connection, newest.id, inherited.id)
    return inherited


def _windows(
    scope: PassScope, counter: WindowCounter, model: str, version: str, current: Learning
) -> Iterator[WindowResult]:
    row = active_reference(scope.connection, model, version)
    if row is not None and row.state == "active":
        yield from InputWindows(scope, counter, Reference.from_json(row.payload)).results()
        return
    if row is None:
        provisional = _provisional(scope, counter, model, version, current)
        if provisional is None:
            return
        logger.info("modeltap: %s: %s", model, learning.outlook(current))
    else:
        provisional = Reference.from_json(row.payload)
    counter.recount(provisional)
    if Window.parse(counter.series(provisional).window).kind == "rows":
        RowWindows(counter, provisional).cut()
    yield from LearningWindows(scope, counter, provisional, current.end or LAST[0]).results()


def _provisional(
    scope: PassScope, counter: WindowCounter, model: str, version: str, current: Learning
) -> Reference | None:
    """Freeze the types and bins of the first windows; return None while these are not over."""
    connection, settings = scope.connection, scope.settings.for_model(model)
    end = learning.provisional_end(connection, settings, model, version, current.start)
    if end is None or (current.end is not None and current.end <= end):
        return None
    if not scope.has_passed(model, version, end):
        return None
    rows = rows_between(
        connection,
        model,
        version,
        (current.start, 0, 0),
        (end, 0, 0),
        learning.PROVISIONAL_ROWS,
    )
    facts: dict[str, Any] = {"state": "provisional", "from_time": current.start, "to_time": end}
    return freeze_rows(counter, model, version, rows, settings.reference, facts=facts)


def _is_over(scope: PassScope, model: str, version: str, current: Learning) -> bool:
    # A reference of a number of rows is complete: later rows do not change the first ones.
    return current.until is None or scope.has_passed(model, version, current.end or LAST[0])


def _freeze(
    scope: PassScope, counter: WindowCounter, model: str, version: str, current: Learning
) -> None:
    connection, settings = scope.connection, scope.settings.for_model(model)
    setting = parse_reference(settings.reference)
    limit = learning.MOST_ROWS if current.until is not None else setting.rows
    rows = learning.learnt_rows(connection, model, version, current, limit)
    if len(rows) < 2:
        return
    left_out = learning.left_out_rows(connection, model, version, current)
    facts: dict[str, Any] = {"learnt": True, "left_out_rows": left_out}
    if current.until is not None:
        facts |= {"from_time": current.start, "to_time": current.end}
    rolling = settings.reference.strip() if setting.moves else ""
    frozen = freeze_rows(counter, model, version, rows, settings.reference, rolling, facts)
    counter.recount(frozen)
    logger.info("modeltap: %s: reference frozen, %d rows", model, frozen.rows)
    if current.until is not None and rows[0].event_time[:10] > current.start[:10]:
        logger.warning(
            "modeltap: %s: rows before %s were deleted before they were learnt, so the reference "
            "covers fewer hours; increase retention",
            model,
            clock.short(rows[0].event_time),
        )
    if left_out:
        logger.warning(
            "modeltap: %s: %d rows alerted during learning and are excluded from the reference",
            model,
            left_out,
        )
