"""Learning of a model's reference: a provisional one, its windows, and the freezing in the end."""

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
    """Yield the result of each window of the learning that is due; freeze what is learnt.

    Each is to be written before the next is asked for. Raises `InputError` for a reference file
    that cannot be read.
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
    before, found = None, learning.learning_of(scope.connection, settings, model, version)
    while found is not None and found != before:
        # What alerts is left out, and other rows take its place: until nothing more is found.
        yield from _windows(scope, counter, model, version, found)
        scope = replace(scope, again=False)  # once is enough
        before = found
        found = learning.learning_of(scope.connection, settings, model, version)
    if found is not None and found.end is not None and _is_over(scope, model, version, found):
        _freeze(scope, counter, model, version, found)


def is_settled(reference: Reference | None) -> bool:
    """Return whether a model's version has a reference of its own, which is not learnt any more."""
    return reference is not None and reference.state == "active" and not reference.inherited


def _inherited(scope: PassScope, model: str, version: str) -> Reference | None:
    """Return the newest other version's reference, which counts until this one's is learnt.

    Not that of another environment, whose requests and data may be of another kind.
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
    still = scope.settings.for_model(model).per_version
    inherited = msgspec.structs.replace(
        Reference.from_json(newest.payload), version=version, inherited=still
    )
    with writing(scope.connection):
        save(scope.connection, inherited)
        copy_rows(scope.connection, newest.id, inherited.id)
    return inherited


def _windows(
    scope: PassScope, counter: WindowCounter, model: str, version: str, found: Learning
) -> Iterator[WindowResult]:
    row = active_reference(scope.connection, model, version)
    if row is not None and row.state == "active":
        yield from InputWindows(scope, counter, Reference.from_json(row.payload)).results()
        return
    if row is None:
        provisional = _provisional(scope, counter, model, version, found)
        if provisional is None:
            return
        logger.info("modeltap: %s: %s", model, learning.outlook(found))
    else:
        provisional = Reference.from_json(row.payload)
    counter.recount(provisional)
    if Window.parse(counter.series(provisional).window).kind == "rows":
        RowWindows(counter, provisional).cut()
    yield from LearningWindows(scope, counter, provisional, found.end or LAST[0]).results()


def _provisional(
    scope: PassScope, counter: WindowCounter, model: str, version: str, found: Learning
) -> Reference | None:
    """Freeze the types and bins of the first windows; None while these are not over."""
    connection, settings = scope.connection, scope.settings.for_model(model)
    end = learning.provisional_end(connection, settings, model, version, found.start)
    if end is None or (found.end is not None and found.end <= end):
        return None
    if not scope.has_passed(model, version, end):
        return None
    rows = rows_between(
        connection,
        model,
        version,
        (found.start, 0, 0),
        (end, 0, 0),
        learning.PROVISIONAL_ROWS,
    )
    facts: dict[str, Any] = {"state": "provisional", "from_time": found.start, "to_time": end}
    return freeze_rows(counter, model, version, rows, settings.reference, facts=facts)


def _is_over(scope: PassScope, model: str, version: str, found: Learning) -> bool:
    # So many first rows are there; nothing that comes later changes them.
    return found.until is None or scope.has_passed(model, version, found.end or LAST[0])


def _freeze(
    scope: PassScope, counter: WindowCounter, model: str, version: str, found: Learning
) -> None:
    connection, settings = scope.connection, scope.settings.for_model(model)
    asked = parse_reference(settings.reference)
    limit = learning.MOST_ROWS if found.until is not None else asked.rows
    rows = learning.learnt_rows(connection, model, version, found, limit)
    if len(rows) < 2:
        return
    left_out = learning.left_out_rows(connection, model, version, found)
    facts: dict[str, Any] = {"learnt": True, "left_out_rows": left_out}
    if found.until is not None:
        facts |= {"from_time": found.start, "to_time": found.end}
    rolling = settings.reference.strip() if asked.moves else ""
    frozen = freeze_rows(counter, model, version, rows, settings.reference, rolling, facts)
    counter.recount(frozen)
    logger.info("modeltap: %s: reference frozen, %d rows", model, frozen.rows)
    if found.until is not None and rows[0].event_time[:10] > found.start[:10]:
        logger.warning(
            "modeltap: %s: the rows before %s were deleted before they were learnt; "
            "keep more (retention), or the reference knows fewer hours",
            model,
            clock.short(rows[0].event_time),
        )
    if left_out:
        logger.warning(
            "modeltap: %s: %d rows alerted while the reference was learnt, and are not in it",
            model,
            left_out,
        )
