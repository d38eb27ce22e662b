"""Exchanges without rows or without a prediction, and rows without an event time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap import clock
from modeltap.analysis.coverage.mapping_proposals import (
    in_toml,
    names_in,
    propose_prediction,
    propose_rows,
    toml_key,
)
from modeltap.analysis.coverage.recent_rows import RecentRows
from modeltap.analysis.coverage.unmonitored import Unmonitored, level_of
from modeltap.config.metrics import is_output
from modeltap.config.settings import Settings
from modeltap.decoding.decoders import plain
from modeltap.decoding.shortfalls import (
    COMPRESSED,
    IMPORTED,
    NO_RESPONSE,
    TIME_UNREADABLE,
    Part,
    Shortfall,
)
from modeltap.errors import nearest
from modeltap.payload import parse_json
from modeltap.store.stored_exchanges import StoredExchange

PARTS: tuple[Part, ...] = ("rows", "predictions", "event_time")

NO_REQUEST = "no request body"
"""The reason of a page that a user opened: not a call of the model, unless all are alike."""

_NAMED = 8
"""Fields of a body that are listed."""

_ANSWER = "return the prediction in the response"

_DECOMPRESS = (
    "install the package of the encoding, brotli or zstandard, where the app runs; bodies of more "
    "than 1 MiB after decompression are not stored"
)

_CUT = "cut"
"""A word in the reasons of bodies that are longer than `max_body_bytes`."""

_EPOCH = 1e9
"""Numbers from here on, seconds up to 2001, may be times; smaller ones are amounts."""

_LARGER = 4
"""The factor by which to raise a limit that cut a body: one increase is enough for most."""


def missing_parts(
    model: str,
    counts: Mapping[Shortfall, int],
    settings: Settings,
    recent: RecentRows | None = None,
) -> list[Unmonitored]:
    """Return what exchanges lack, the most frequent reason first; empty if they are complete.

    Args:
        counts: how often each part is present and missing.
        settings: the model's own.
        recent: rows to propose a setting from; without them, fixes are general.
    """
    findings: list[Unmonitored] = []
    for part in PARTS:
        own = {
            shortfall.reason: count
            for shortfall, count in counts.items()
            if shortfall.part == part and count
        }
        reasons = sorted(own.keys() - {""}, key=lambda reason: -own[reason])
        findings += (_missing(model, part, reason, own, settings, recent) for reason in reasons)
    return findings


def _missing(
    model: str,
    part: Part,
    reason: str,
    counts: Mapping[str, int],
    settings: Settings,
    recent: RecentRows | None,
) -> Unmonitored:
    total = sum(counts.values())
    missing = sum(
        count for other, count in counts.items() if other and not _is_expected(other, settings)
    )
    expected = _is_expected(reason, settings) and (reason != NO_REQUEST or counts[reason] < total)
    level = "note" if expected else level_of(max(missing, counts[reason]), total)
    exchange = None if recent is None else recent.newest_without(Shortfall(part, reason))
    details, fix = _fix_of_part(model, part, reason, settings, exchange, recent)
    return Unmonitored(
        check=part,
        model=model,
        level=level,
        count=counts[reason],
        total=total,
        reason=f"{reason}{details}",
        fix=fix,
        cause=reason,
    )


def _is_expected(reason: str, settings: Settings) -> bool:
    """Return whether a part is missing because of a setting, an import, or a page view."""
    not_kept = reason == NO_RESPONSE and not settings.capture_response_body
    return reason in (IMPORTED, NO_REQUEST) or not_kept


def _fix_of_part(
    model: str,
    part: Part,
    reason: str,
    settings: Settings,
    exchange: StoredExchange | None,
    recent: RecentRows | None,
) -> tuple[str, str]:
    """Return details of a reason, and the setting that fixes it."""
    if part == "event_time":
        return _fix_of_time(model, reason, settings, recent)
    if _CUT in reason.split():
        return "", f"set max_body_bytes = {_LARGER * settings.max_body_bytes}"
    if COMPRESSED in reason:
        return "", _DECOMPRESS
    if part == "rows":
        return _fix_of_rows(model, reason, exchange)
    return _fix_of_prediction(model, reason, settings, exchange)


def _fix_of_rows(model: str, reason: str, exchange: StoredExchange | None) -> tuple[str, str]:
    document = None if exchange is None else _document(exchange, of_request=True)
    names = names_in(document, _NAMED)
    details = f"; requests have {', '.join(names)}" if names else ""
    rows = propose_rows(document)
    if rows is not None:
        return details, f"set [models.{toml_key(model)}.mapping] rows = {in_toml(rows)}"
    path = "/PATH" if exchange is None or exchange.path is None else exchange.path
    if reason == NO_REQUEST:
        return details, f"if no model is served there, set exclude_paths = [{in_toml(path)}]"
    return details, (
        f"if no model is served there, set exclude_paths = [{in_toml(path)}]; "
        "otherwise send JSON, or add a protocol (docs/plugins.md)"
    )


def _fix_of_prediction(
    model: str, reason: str, settings: Settings, exchange: StoredExchange | None
) -> tuple[str, str]:
    if reason == IMPORTED:
        return "", "import with --prediction COLUMN if the file has one"
    if reason == NO_RESPONSE:
        kept = settings.capture_response_body
        return "", "return a response with a body" if kept else "set capture_response_body = true"
    document = None if exchange is None else _document(exchange, of_request=False)
    names = names_in(document, _NAMED)
    details = f"; responses of {model} have {', '.join(names)}" if names else ""
    path = propose_prediction(document)
    if path is None and names:
        return f"{details}, none of which looks like a prediction", _ANSWER
    path = path or "PATH"
    return details, (
        "set the path of the prediction in modeltap.toml: "
        f"[models.{toml_key(model)}.mapping] prediction = {in_toml(path)}"
    )


def _fix_of_time(
    model: str, reason: str, settings: Settings, recent: RecentRows | None
) -> tuple[str, str]:
    place, _, name = settings.event_time.partition(":")
    section = f"[models.{toml_key(model)}]"
    by_request = f'{section} event_time = "request"'
    if reason == TIME_UNREADABLE:
        return "", (f"write {name} as 2024-01-31T12:00:00Z or as Unix seconds, or set {by_request}")
    if place != "body" or recent is None:
        return f": event_time = {settings.event_time}", f"correct event_time, or set {by_request}"
    fields = [column for column in recent.columns if not is_output(column)]
    times = [column for column in fields if _are_times(recent.columns[column])]
    known = f" (fields are {', '.join(fields[:_NAMED])})" if fields else ""
    details = f": no field {name}{nearest(name, fields)}" if not times else f": no field {name}"
    if times:
        return f"{details}{known}", f"set {section} event_time = {in_toml(f'body:{times[0]}')}"
    return details, f"correct event_time, or set {by_request}"


def _are_times(values: Any) -> bool:
    """Return whether all values of a column can be read as times."""
    present = [value for value in values if value is not None]
    texts = all(type(value) is str for value in present)
    large = all(type(value) in (int, float) and value > _EPOCH for value in present)
    return bool(present) and (texts or large) and all(clock.parse(v) is not None for v in present)


def _document(exchange: StoredExchange, *, of_request: bool) -> Any:
    if of_request:
        return parse_json(plain(exchange.request_body, exchange.request_encoding))
    return parse_json(plain(exchange.response_body, exchange.response_encoding))
