"""Columns whose values have an unusual form, and the settings that declare them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.analysis.coverage.mapping_proposals import toml_key
from modeltap.analysis.inference.column_values import SEVERAL_TYPES, describe
from modeltap.analysis.inference.epochs import is_named_time
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference
from modeltap.config.settings import Settings
from modeltap.number_texts import MISSING, form_of
from modeltap.wording import percent

_MOST_CODES = 5
"""More distinct texts among numbers are not codes for missing values."""

_LONGEST_CODE = 20


class ColumnNote(NamedTuple):
    """A column, a fact about its values, and a setting that declares them."""

    model: str
    column: str
    reason: str
    fix: str


def column_notes(
    reference: Reference, settings: Settings, values: Mapping[str, Sequence[Any]]
) -> Iterator[ColumnNote]:
    """Yield the notes on a reference's columns, in their order.

    Args:
        settings: the model's own; a column with a declared type has no note.
        values: recent values by column.
    """
    for feature in reference.features:
        declared = settings.features.get(feature.name)
        if feature.of is not None or (declared is not None and declared.type is not None):
            continue
        section = f"[models.{toml_key(reference.model)}.features.{toml_key(feature.name)}]"
        for reason, fix in _notes(feature, values.get(feature.name, ())):
            yield ColumnNote(reference.model, feature.name, reason, f"{fix[0]} {section} {fix[1]}")


def _notes(feature: Feature, values: Sequence[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    if feature.texts and feature.text_rate:
        yield (
            f"{percent(feature.text_rate)} of the reference's values are numbers sent as texts, "
            "and are tested as numbers",
            ("to declare them, set", 'type = "numeric"'),
        )
    if feature.kind == "numeric" and feature.mismatch_rate:
        codes = _codes(values)
        reason = f"{percent(feature.mismatch_rate)} of the reference's values are not numbers"
        if codes:
            fix = "if they stand for missing values, set", f"missing_values = {json.dumps(codes)}"
        else:
            fix = "to test it as a number, set", 'type = "numeric"'
        yield reason, fix
    if feature.kind == "categorical":
        seen = describe(values)
        if seen is not None and seen.text.startswith(SEVERAL_TYPES):
            yield (
                f"{seen.text}, and are compared as categories",
                ("to declare them, set", f'type = "{seen.kind or "categorical"}"'),
            )
    if feature.kind == "numeric" and _are_excel_dates(feature):
        shown = clock.short(clock.iso(clock.parse(feature.low) or 0.0))
        yield (
            f"its numbers are Excel date numbers ({feature.low:g} is {shown})",
            ("to compare them as times, set", 'type = "datetime"'),
        )


def _codes(values: Sequence[Any]) -> list[str]:
    """Return the texts among numbers that may stand for missing values.

    >>> _codes([1.5, "?", "2.5", "?", None])
    ['?']
    """
    texts = {text.strip() for text in values if type(text) is str and not form_of(text)}
    codes = sorted(text for text in texts if text.lower() not in MISSING)
    is_few = len(codes) <= _MOST_CODES and all(len(text) <= _LONGEST_CODE for text in codes)
    return codes if is_few else []


def _are_excel_dates(feature: Feature) -> bool:
    low, high = feature.low, feature.high
    if low is None or high is None or not is_named_time(feature.name):
        return False
    return clock.EXCEL_FROM <= low <= high < clock.EXCEL_TO
