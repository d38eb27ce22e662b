"""Removal of values from learned statistics: bins of references and extremes of windows."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.baseline import Baseline, GroupBaseline
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference
from modeltap.erasing.blurring import outside
from modeltap.erasing.erased_features import Erased, without_values
from modeltap.erasing.erased_rows import PREDICTION, OwnValues
from modeltap.privacy.erase import Subject
from modeltap.store.erasure import WindowExtremes, put_payload, put_window_extremes, window_extremes
from modeltap.store.references import all_references
from modeltap.value_forms import ERASED

_EQUALS = re.compile(
    r"(?P<name>[^=<>]+) = (?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[\w.+-]+)"
)
"""A condition of a slice on a category or a number, after other conditions."""


@dataclass(frozen=True)
class ErasedValues:
    """The values to erase: the named ones and, by column, those that only erased rows had."""

    subjects: Sequence[Subject]
    own: Mapping[str, OwnValues]

    def of(self, feature: Feature) -> Erased:
        """Return the values to erase from a feature, which may be derived from a column."""
        name = feature.of or feature.name
        named = tuple(subject.forms for subject in self.subjects if subject.is_about(name))
        return Erased(named, self.own.get(name))

    def columns(self, references: Sequence[Reference]) -> set[str]:
        """Return the columns of references that have a subject's name."""
        names = {feature.name for reference in references for feature in reference.columns}
        return {name for name in names if any(subject.is_about(name) for subject in self.subjects)}


def stored_references(connection: sqlite3.Connection, model: str) -> list[Reference]:
    """Return all references of a model, also those that are no longer used."""
    return [Reference.from_json(stored.payload) for stored in all_references(connection, model)]


def ends_of(references: Sequence[Reference]) -> dict[str, set[float]]:
    """Return, by column, the smallest and largest values of the references."""
    ends: defaultdict[str, set[float]] = defaultdict(set)
    for reference in references:
        for feature in reference.columns:
            ends[feature.name] |= {feature.low, feature.high}
    return ends


def erase_learnt(connection: sqlite3.Connection, model: str, erased: ErasedValues) -> None:
    """Erase values from the references of `model` and their windows, in an open transaction."""
    for stored in all_references(connection, model):
        before = Reference.from_json(stored.payload)
        after = without(before, erased)
        if after is not before:
            put_payload(connection, stored._replace(payload=after.to_json()))
        windows = [
            new
            for extremes in window_extremes(connection, model, stored.id)
            if (new := _blurred(extremes, before, after, erased)) != extremes
        ]
        put_window_extremes(connection, model, stored.id, windows)


def without(reference: Reference, erased: ErasedValues) -> Reference:
    """Return `reference` without these values, with its old id; itself if it has none of them."""
    features = tuple(without_values(feature, erased.of(feature)) for feature in reference.features)
    own = erased.own.get(PREDICTION)
    performance = reference.performance and _without_classes(reference.performance, own)
    groups = reference.groups and _without_groups(reference.groups, erased.subjects)
    same = reference.features, reference.performance, reference.groups
    if (features, performance, groups) == same:
        return reference
    changed = replace(reference, features=features, performance=performance, groups=groups)
    return replace(changed, known_as=(changed.bins_hash, reference.id))


def segment_without(segment: str, subjects: Sequence[Subject]) -> str:
    """Return a segment such as `sex=Female,race=2` with erased values replaced.

    A common value is only replaced in a group with the name of the subject's field. A slice, such
    as `carrier = EV and hour >= 18`, names values in conditions.
    """
    if " = " in segment:
        return _EQUALS.sub(lambda match: _condition_without(match, subjects), segment)
    parts = []
    for part in segment.split(","):
        name, equals, value = part.partition("=")
        gone = any(
            subject.forms.equals(value) and (subject.is_named(name) or not subject.forms.is_common)
            for subject in subjects
        )
        parts.append(f"{name}={ERASED}" if equals and gone else part)
    return ",".join(parts)


def _condition_without(condition: re.Match[str], subjects: Sequence[Subject]) -> str:
    name, value = condition["name"].rpartition(" and ")[2], condition["value"]
    plain = value[1:-1] if value[0] in "'\"" else value
    gone = any(
        subject.forms.equals(plain) and (subject.is_named(name) or not subject.forms.is_common)
        for subject in subjects
    )
    return f"{condition['name']} = {ERASED}" if gone else condition[0]


def _without_groups(baseline: GroupBaseline, subjects: Sequence[Subject]) -> GroupBaseline:
    """Return a baseline without the groups that are named by an erased value."""
    rates = {
        grouping: {
            segment: own
            for segment, own in segments.items()
            if segment_without(segment, subjects) == segment
        }
        for grouping, segments in baseline.rates.items()
    }
    return replace(baseline, rates=rates)


def _without_classes(baseline: Baseline, own: OwnValues | None) -> Baseline:
    """Return a baseline without classes that only erased rows have, as label or prediction."""
    rows: Counter[str] = Counter()
    for predicted, true, count in baseline.pairs:
        rows.update(dict.fromkeys((predicted, true), count))
    words = own.words if own is not None else Counter[str]()
    gone = {name for name in rows if 0 < rows[name] <= words.get(name, 0)}
    if not gone:
        return baseline
    new = {name: ERASED if name in gone else name for name in rows}
    pairs: Counter[tuple[str, str]] = Counter()
    for predicted, true, count in baseline.pairs:
        pairs[new[predicted], new[true]] += count
    return replace(baseline, pairs=tuple((*pair, count) for pair, count in sorted(pairs.items())))


def _blurred(
    window: WindowExtremes, before: Reference, after: Reference, erased: ErasedValues
) -> WindowExtremes:
    """Return a window with extremes that enclose erased values without revealing them."""
    ends = np.frombuffer(zlib.decompress(window.extremes), dtype="<f8").copy()
    if len(ends) == 2 * len(before.features):
        low, high = ends[: len(ends) // 2], ends[len(ends) // 2 :]
        for place, (feature, new) in enumerate(zip(before.features, after.features, strict=True)):
            if feature.kind == "numeric" and feature.of is None:
                own = erased.of(feature)
                low[place] = _end(float(low[place]), feature.low, new.low, -math.inf, own)
                high[place] = _end(float(high[place]), feature.high, new.high, math.inf, own)
    return window._replace(
        extremes=_packed(window.extremes, ends), fields=_without_names(window.fields, erased)
    )


def _end(value: float, old: float, new: float, side: float, erased: Erased) -> float:
    """Return an extreme that encloses `value`: the reference's new one, if they were equal."""
    if not math.isfinite(value) or not erased.has_number(value):
        return value
    return new if value == old else outside(value, side)


def _packed(stored: bytes, ends: np.ndarray) -> bytes:
    if ends.tobytes() == zlib.decompress(stored):
        return stored
    return zlib.compress(ends.tobytes(), 1)


def _without_names(fields: str, erased: ErasedValues) -> str:
    """Return a window's fields (JSON); erased values are replaced in the names of new fields."""
    document = json.loads(fields)
    new: Counter[str] = Counter()
    for name, rows in document["new"].items():
        for subject in erased.subjects:
            name = subject.forms.replaced(name)
        new[name] += rows
    return fields if new == document["new"] else json.dumps({**document, "new": new})
