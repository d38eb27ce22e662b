"""Allowed values of options."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from modeltap import clock
from modeltap.config.reference_settings import check_windows
from modeltap.config.settings import Settings, repeat_seconds
from modeltap.config.validation import check_paths, parse_mode, parse_retention, setting
from modeltap.environments import SEPARATOR
from modeltap.errors import ConfigError, nearest
from modeltap.rows import MAX_COLUMNS


class _Bound(NamedTuple):
    """The condition of an option, and how a message states it."""

    name: str
    is_met: Callable[[Settings], bool]
    requirement: str


_HTTP = ("http://", "https://")
_SECONDS_TO_60 = "must be a number of seconds, greater than 0 and at most 60"

_GENERAL = (
    _Bound(
        "sample_rate",
        lambda own: 0 <= own.sample_rate <= 1,
        "must be a fraction between 0 and 1",
    ),
    _Bound(
        "error_sample_rate",
        lambda own: own.error_sample_rate is None or own.sample_rate <= own.error_sample_rate <= 1,
        "must be a fraction between sample_rate and 1",
    ),
    _Bound("mask_budget", lambda own: own.mask_budget > 0, "must be greater than 0"),
    _Bound(
        "mask_with",
        lambda own: own.mask_with != "hash" or bool(own.mask_key),
        "hashing needs a key, because unkeyed hashes can be guessed; set mask_key='env:NAME'",
    ),
    _Bound(
        "mask_bodies",
        lambda own: own.mask_bodies or not (own.mask_body_fields or own.mask_values),
        "mask_body_fields and mask_values have no effect without it",
    ),
    _Bound(
        "environment",
        lambda own: own.environment is None or _is_printable_name(own.environment),
        f"must be a printable name without {SEPARATOR}, such as 'production'",
    ),
    _Bound(
        "max_body_bytes",
        lambda own: own.max_body_bytes >= 0,
        "must be a number of bytes, 0 or more",
    ),
    _Bound(
        "flush_interval_seconds",
        lambda own: 0 < own.flush_interval_seconds <= 60,
        _SECONDS_TO_60,
    ),
    _Bound(
        "commit_timeout_seconds",
        lambda own: 0 < own.commit_timeout_seconds <= 60,
        _SECONDS_TO_60,
    ),
    _Bound(
        "analyze_interval_seconds",
        lambda own: own.analyze_interval_seconds >= 1,
        "must be a number of seconds, at least 1",
    ),
    _Bound("max_queue_records", lambda own: own.max_queue_records >= 1, "must be at least 1"),
    _Bound(
        "max_queue_bytes",
        lambda own: own.max_queue_bytes >= 4096,
        "must be at least 4096 bytes",
    ),
    _Bound("min_rows", lambda own: own.min_rows >= 2, "must be at least 2"),
    _Bound(
        "id_header",
        lambda own: (
            own.id_header is None or re.fullmatch(r"[A-Za-z0-9-]+", own.id_header) is not None
        ),
        "must be a header name, or None for no header",
    ),
    _Bound(
        "job_limit_seconds",
        lambda own: own.job_limit_seconds > 0,
        "must be a number of seconds greater than 0",
    ),
    _Bound(
        "lease_seconds",
        lambda own: own.lease_seconds >= 1,
        "must be a number of seconds, at least 1",
    ),
    _Bound(
        "dashboard_url",
        lambda own: not own.dashboard_url or own.dashboard_url.startswith(_HTTP),
        "must start with http:// or https://",
    ),
    _Bound(
        "dashboard_trace_url",
        lambda own: own.dashboard_trace_url is None or _is_trace_url(own.dashboard_trace_url),
        "must be an http address with {trace_id} in it, such as "
        "'http://jaeger:16686/trace/{trace_id}'",
    ),
)
"""The conditions of the options of an app."""

_OF_MODELS = (
    _Bound(
        "max_features",
        lambda own: 1 <= own.max_features <= MAX_COLUMNS,
        f"must be a number of columns from 1 to {MAX_COLUMNS:,}",
    ),
    _Bound(
        "decision_threshold",
        lambda own: 0 < own.decision_threshold < 1,
        "must be a score between 0 and 1",
    ),
    _Bound(
        "max_list_features",
        lambda own: 0 <= own.max_list_features <= MAX_COLUMNS,
        f"must be a number of columns from 0 to {MAX_COLUMNS:,}",
    ),
)
"""The conditions of options that a model may have, too."""


def _is_trace_url(url: str) -> bool:
    return url.startswith(_HTTP) and url.count("{trace_id}") == 1


def _is_printable_name(name: str) -> bool:
    return SEPARATOR not in name and name.isprintable() and bool(name.strip())


def check_values(settings: Settings) -> None:
    """Raise `ConfigError` for the first option with a value that is not allowed."""
    _check_unicode(settings)
    _check_patterns(settings)
    for name in ("include_paths", "exclude_paths"):
        check_paths(getattr(settings, name), name)
    _check_bounds(settings, _GENERAL)
    _check_endpoints(settings)
    parse_mode(settings.store_mode)
    parse_retention(settings.retention)
    repeat_seconds(settings.repeat_interval)
    settings.schedules.check()
    for own in (settings, *map(settings.for_model, settings.models)):
        check_windows(own.reference, own.window)
        _check_bounds(own, _OF_MODELS)
        _check_event_time(own.event_time)
        _check_version(own.version)
        _check_timezone(own.timezone)
        _check_holidays(own.holidays)


def _check_bounds(settings: Settings, bounds: Iterable[_Bound]) -> None:
    for bound in bounds:
        _check(settings, bound.name, bound.is_met(settings), bound.requirement)


def _check(settings: Settings, name: str, valid: bool, requirement: str) -> None:
    if not valid:
        option = setting(name, getattr(settings, name))
        raise ConfigError(f"option {option} is invalid: {requirement}")


def _check_unicode(settings: Settings) -> None:
    """Raise `ConfigError` for text that is not valid Unicode, as bytes of variables may become.

    Only the path of the store may be any that the file system has.
    """
    for name in settings.__struct_fields__:
        if name != "store":
            try:
                msgspec.json.encode(getattr(settings, name))
            except UnicodeEncodeError:
                _check(settings, name, False, "must be valid Unicode, without lone surrogates")


_ENDPOINTS = {
    "labels_endpoint": "/labels",
    "dashboard": "/modeltap",
    "metrics_endpoint": "/metrics",
}
"""The options with a path that the tap answers itself, and an example for each."""


def _check_endpoints(settings: Settings) -> None:
    given = {name: getattr(settings, name) for name in _ENDPOINTS}
    paths = {name: path for name, path in given.items() if path is not None}
    for name, path in paths.items():
        is_path = re.fullmatch(r"(/[\w.~-]+)+", path) is not None
        _check(settings, name, is_path, f"must be a path such as {_ENDPOINTS[name]!r}")
        others = [other for other in paths if other != name and paths[other] == path]
        _check(settings, name, not others, f"{', '.join(others)} has the same path")
    for host in settings.dashboard_hosts:
        is_name = re.fullmatch(r"[\w.-]+", host) is not None
        _check(
            settings, "dashboard_hosts", is_name, f"{host!r} must be a name without port or scheme"
        )


_PATTERNS = (
    "mask_headers",
    "mask_query_params",
    "mask_body_fields",
    "unmask_body_fields",
    "mask_values",
)
"""The options with regular expressions."""


def _check_patterns(settings: Settings) -> None:
    for name in _PATTERNS:
        for pattern in getattr(settings, name):
            try:
                re.compile(pattern)
            except re.error as error:
                reason = f"invalid regular expression {pattern!r}: {error}"
                _check(settings, name, False, reason)


def _check_event_time(text: str) -> None:
    kind, _, name = text.partition(":")
    if text != "request" and not (kind in ("body", "header") and name):
        raise ConfigError(
            f"option event_time = {text!r} is invalid: must be 'request', 'body:FIELD' or "
            "'header:NAME'"
        )


def _check_version(text: str) -> None:
    """Raise `ConfigError` for an invalid header or field with the version.

    >>> _check_version("1.4")
    >>> _check_version("header:X-Model-Version"), _check_version("body:version")
    (None, None)
    >>> _check_version("header:")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: option version = 'header:' is invalid: the name \
is missing; write 'header:NAME'
    """
    for kind, name, pattern in (
        ("header", "NAME", r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"),
        ("body", "FIELD", r"\S.*"),
    ):
        given = text.removeprefix(f"{kind}:")
        if given != text and not re.fullmatch(pattern, given):
            fault = "is missing" if not given.strip() else "has an invalid character"
            raise ConfigError(
                f"option version = {text!r} is invalid: the name {fault}; write '{kind}:{name}'"
            )


def _check_timezone(name: str) -> None:
    """Raise `ConfigError` for an unknown time zone.

    >>> _check_timezone("Europe/Berlin")
    >>> _check_timezone("Asia/Tokio")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: unknown timezone 'Asia/Tokio'; did you mean 'Asia/Tokyo'?
    """
    if name == clock.UTC_ZONE:
        return
    # Its search for the zones' files takes longer than all other checks.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        zones = sorted(available_timezones())
        hint = nearest(name, zones)
        if not zones:
            hint = ": this machine has no time zone data; run pip install tzdata"
        raise ConfigError(f"unknown timezone {name!r}{hint}") from error


def _check_holidays(dates: Iterable[str]) -> None:
    """Raise `ConfigError` for an invalid date.

    >>> _check_holidays(["2026-12-25"])
    """
    for text in dates:
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(
                f"holiday {text!r} is not a valid date; write it as '2026-12-25'"
            ) from error
