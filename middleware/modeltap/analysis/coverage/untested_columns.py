"""Columns that no test compares, with the reason and the setting to declare."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from modeltap import clock
from modeltap.analysis.coverage.mapping_proposals import toml_key
from modeltap.analysis.coverage.masked_columns import MASKED, unmask
from modeltap.analysis.coverage.unmonitored import PROBLEM_FRACTION, Unmonitored
from modeltap.analysis.inference.column_values import NUMBERS_AS_TEXT, describe
from modeltap.analysis.inference.rising import RISING
from modeltap.analysis.model.feature import Feature
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.learning import MOST_ROWS
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.config.windows import Window
from modeltap.wording import number

_LIMIT = "beyond max_features"

_NEVER = 0.5
"""With half of the required values on average, hardly any window has all of them."""

_LONGEST_DAYS = 28
"""A longer window would find a fault too late to be worth proposing."""


def untested_columns(
    reference: Reference, settings: Settings, values: Mapping[str, Sequence[Any]]
) -> list[Unmonitored]:
    """Return the columns of a reference that are not compared, or only with limits, in order.

    Args:
        settings: the model's own.
        values: recent values by column, which describe columns without a type.
    """
    measured = {feature.of for feature in reference.features if feature.is_tested}
    columns = [feature for feature in reference.features if feature.of is None]
    findings: list[Unmonitored] = []
    for feature in columns:
        declared = settings.features[feature.name].type if feature.name in settings.features else ""
        is_measured = feature.name in measured
        findings += _of_column(reference, feature, declared or "", values, is_measured)
        if not findings or findings[-1].subject != feature.name:
            findings += _sparse(reference, feature, settings.min_rows)
    return [*findings, *_beyond_limit(reference)]


def new_columns(
    references: Sequence[Reference], values: Mapping[str, Sequence[Any]], passed: Collection[str]
) -> list[Unmonitored]:
    """Return the columns of recent rows that began after all references were frozen, in order.

    Columns of few rows are left out: a single client may send them.

    Args:
        passed: columns that other findings are about.
    """
    if not references or any(reference.state != "active" for reference in references):
        return []
    known = set(passed)
    for reference in references:
        known.update(reference.by_name, reference.unmonitored)
    names = [
        name
        for name, column in values.items()
        if name not in known
        and not is_output(name)
        and sum(value is not None for value in column) > PROBLEM_FRACTION * len(column)
    ]
    model = references[0].model
    total = sum(len(reference.columns) + len(reference.unmonitored) for reference in references)
    return [
        Unmonitored(
            check="features",
            model=model,
            level="note",
            subject=name,
            count=1,
            total=total + len(names),
            reason="it is not in the reference",
            fix=f"to test it, learn a new reference: `modeltap reference accept --model {model}`",
        )
        for name in names
    ]


def _of_column(
    reference: Reference,
    feature: Feature,
    declared: str,
    values: Mapping[str, Sequence[Any]],
    is_measured: bool,
) -> Iterator[Unmonitored]:
    cause = _cause(feature, declared, values.get(feature.name, ()), is_measured)
    limit = _limit(feature) if cause is None else None
    if cause is None and limit is None:
        return
    yield _note(
        reference,
        feature,
        reason=limit or (cause.reason if cause else ""),
        fix=None if cause is None else _fix(reference.model, feature.name, cause),
        is_tested=cause is None,
    )


def _note(
    reference: Reference, feature: Feature, *, reason: str, fix: str | None, is_tested: bool
) -> Unmonitored:
    """Return a note about one of the reference's columns."""
    return Unmonitored(
        check="features",
        model=reference.model,
        version=reference.version,
        level="note",
        subject=feature.name,
        count=1,
        total=len(reference.columns) + len(reference.unmonitored),
        reason=reason,
        fix=fix,
        is_tested=is_tested,
    )


class _Cause(NamedTuple):
    """The reason why a column is not tested, and the type or setting that changes that."""

    reason: str
    kind: str | None = None
    setting: str | None = None


def _fix(model: str, column: str, cause: _Cause) -> str | None:
    if cause.kind is None:
        return cause.setting
    section = f"[models.{toml_key(model)}.features.{toml_key(column)}]"
    return f'to test it, set {section} type = "{cause.kind}"'


def _cause(
    feature: Feature, declared: str, values: Sequence[Any], is_measured: bool
) -> _Cause | None:
    if feature.calendar == RISING and is_measured:
        return None  # times that rise, whose ages are compared
    if feature.calendar == RISING:
        return _Cause("it always rises, like a counter or a time, so there is nothing to compare")
    if feature.calendar is not None:
        return _Cause(
            f"it follows the calendar ({feature.calendar}), so there is nothing to compare"
        )
    if feature.is_all_masked:
        return _Cause(MASKED, setting=unmask(feature.name))
    if not feature.present:
        return _Cause("all values were missing in the reference")
    seen = describe(values)
    if feature.kind == "id":
        is_counter = seen is not None and seen.text == "numbers" and _rises(values)
        return _of_id(declared, None if seen is None else seen.text, is_counter)
    if feature.kind == "other":
        return _Cause("values of several types") if seen is None else _Cause(*seen)
    if not feature.is_tested and not is_measured:
        return _Cause(f"its type ({feature.kind}) has no measures to compare")
    return None


def _rises(values: Sequence[Any]) -> bool:
    present = [value for value in values if value is not None]
    return all(before < after for before, after in pairwise(present))


def _of_id(declared: str, description: str | None, is_counter: bool) -> _Cause:
    if declared == "id":
        return _Cause("declared as an id")
    learnt = "treated as an id, because almost all values are distinct"
    if description == NUMBERS_AS_TEXT:
        return _Cause(f"{description}; {learnt}", "numeric")
    if is_counter:  # as a number it would not be compared either
        return _Cause(learnt)
    return _Cause(learnt, "numeric" if description == "numbers" else "categorical")


def _limit(feature: Feature) -> str | None:
    """Return what a test of a column cannot detect; None if it has no limits."""
    bins = [count for count in feature.counts[: feature.bins] if count]
    if feature.kind in ("numeric", "categorical", "boolean") and _is_constant(feature, len(bins)):
        return "constant in the reference, so only a new value can be detected"
    if feature.rare:
        return (
            f"too many categories: {len(feature.rare):,} rare ones count as one, "
            "so changes among them are not detected"
        )
    return None


def _is_constant(feature: Feature, filled: int) -> bool:
    if feature.kind == "numeric":
        return feature.low == feature.high
    return filled == 1


def _sparse(reference: Reference, feature: Feature, min_rows: int) -> Iterator[Unmonitored]:
    """Yield a finding about a column whose values in a window are too few on average.

    Windows with few rows are joined until they have `min_rows`. Values of one column are not, so a
    column that is 99 % missing may never be compared. Without half of the required values it
    counts as untested. References from files, without times, do not tell how many rows a window
    has.
    """
    counted = sum(feature.counts)
    a_window = _rows_a_window(reference)
    if a_window is None or not counted:
        return
    fraction = feature.present / counted
    values = fraction * max(float(min_rows), a_window)
    if values >= min_rows:
        return
    yield _note(
        reference,
        feature,
        reason=(
            f"about {number(values)} of its values in a window of {_window(reference).text}, and a "
            f"comparison needs {min_rows} (min_rows)"
        ),
        fix=_longer_window(reference, fraction * a_window, min_rows),
        is_tested=values >= _NEVER * min_rows,
    )


def _window(reference: Reference) -> Window:
    return Window.parse(reference.drift_window or reference.window)


def _rows_a_window(reference: Reference) -> float | None:
    """Return the mean number of rows in a window with traffic; None if it is unknown."""
    if not (reference.drift_window or reference.window):
        return None
    window = _window(reference)
    if window.kind == "rows":
        return float(window.size)
    start, end = clock.parse(reference.from_time or ""), clock.parse(reference.to_time or "")
    if window.a_week is None or start is None or end is None or end <= start:
        return None
    if reference.rows >= MOST_ROWS:
        return None  # a sample of the rows of its period
    windows = (end - start) / clock.WEEK * window.a_week
    if window.kind == "seconds" and window.size < clock.WEEK and reference.hours:
        # Such as one hour a day, or five days a week.
        covered = {int(hour * clock.HOUR // window.size) for hour in reference.hours}
        windows *= min(1.0, len(covered) / window.a_week)
    return reference.rows / max(1.0, windows)


def _longer_window(reference: Reference, values: float, min_rows: int) -> str | None:
    """Return the setting with which a window has enough values, if it is not too long."""
    window = _window(reference)
    if window.kind == "rows":
        rows = math.ceil(window.size * min_rows / max(values, 1e-9))
        return f'to compare it, set window = "{rows} rows" in [models.{toml_key(reference.model)}]'
    a_week = window.a_week or 0.0
    # A tenth more, because half of the windows have fewer than the mean.
    days = (
        math.ceil(1.1 * min_rows / max(values, 1e-9) * 7 / a_week) if a_week else _LONGEST_DAYS + 1
    )
    if days > _LONGEST_DAYS:
        return None
    return f'to compare it, set window = "{days}d" in [models.{toml_key(reference.model)}]'


def _beyond_limit(reference: Reference) -> Iterator[Unmonitored]:
    total = len(reference.columns) + len(reference.unmonitored)
    for name in reference.unmonitored:
        yield Unmonitored(
            check="features",
            model=reference.model,
            version=reference.version,
            level="note",
            subject=name,
            count=1,
            total=total,
            reason=f"{_LIMIT} = {len(reference.columns):,}",
            fix=(
                f"set max_features = {total}, or declare important ones in "
                f"[models.{toml_key(reference.model)}.features.NAME]; then learn a new reference"
            ),
        )
