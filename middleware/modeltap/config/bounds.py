"""The bounds of every option's value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from modeltap import clock
from modeltap.config.reference_settings import check_windows
from modeltap.config.retention import parse_retention
from modeltap.config.settings import Settings, repeat_seconds
from modeltap.config.validation import parse_mode, setting
from modeltap.environments import SEPARATOR
from modeltap.errors import ConfigError, nearest
from modeltap.rows import MAX_COLUMNS


def check_values(settings: Settings) -> None:
    """Raise `ConfigError` for the first option whose value is out of its bounds."""
    _check_rates(settings)
    _check_masking(settings)
    _check_capture(settings)
    _check_analysis(settings)
    parse_mode(settings.store_mode)
    parse_retention(settings.retention)
    repeat_seconds(settings.repeat_interval)
    settings.schedules.check()
    for one in (settings, *map(settings.for_model, settings.models)):
        check_windows(one.reference, one.window)
        _check(
            one,
            "max_features",
            1 <= one.max_features <= MAX_COLUMNS,
            f"it is a number of columns, from 1 to {MAX_COLUMNS:,}",
        )
        _check(
            one,
            "decision_threshold",
            0 < one.decision_threshold < 1,
            "it is a score between 0 and 1",
        )
        _check(
            one,
            "max_list_features",
            0 <= one.max_list_features <= MAX_COLUMNS,
            f"it is a number of columns, from 0 to {MAX_COLUMNS:,}",
        )
        _check_event_time(one.event_time)
        _check_timezone(one.timezone)
        _check_holidays(one.holidays)


def _check(settings: Settings, name: str, good: bool, fix: str) -> None:
    if not good:
        raise ConfigError(f"option {setting(name, getattr(settings, name))} is wrong: {fix}")


def _check_rates(settings: Settings) -> None:
    _check(settings, "sample_rate", 0 <= settings.sample_rate <= 1, "it is a share between 0 and 1")
    rate = settings.error_sample_rate
    _check(
        settings,
        "error_sample_rate",
        rate is None or settings.sample_rate <= rate <= 1,
        "it is a share between sample_rate and 1",
    )


def _check_masking(settings: Settings) -> None:
    for name in (
        "mask_headers",
        "mask_query_params",
        "mask_body_fields",
        "unmask_body_fields",
        "mask_values",
    ):
        _check(
            settings,
            name,
            all(map(_is_pattern, getattr(settings, name))),
            "one of them is no regular expression",
        )
    _check(settings, "mask_budget", settings.mask_budget > 0, "it is a number above 0")
    _check(
        settings,
        "mask_with",
        settings.mask_with != "hash" or bool(settings.mask_key),
        "hashes need a key, or anybody could guess values; say mask_key='env:NAME'",
    )
    _check(
        settings,
        "mask_bodies",
        settings.mask_bodies or not (settings.mask_body_fields or settings.mask_values),
        "what mask_body_fields and mask_values name is not masked without it",
    )


def _check_capture(settings: Settings) -> None:
    name = settings.environment
    _check(
        settings,
        "environment",
        name is None or (SEPARATOR not in name and name.isprintable() and bool(name.strip())),
        f"it is a name without {SEPARATOR}, such as 'production'",
    )
    _check(
        settings,
        "max_body_bytes",
        settings.max_body_bytes >= 0,
        "it is a number of bytes, 0 or more",
    )
    _check(
        settings,
        "flush_interval_seconds",
        0 < settings.flush_interval_seconds <= 60,
        "it is a number of seconds, above 0 and at most 60",
    )
    _check(
        settings,
        "commit_timeout_seconds",
        0 < settings.commit_timeout_seconds <= 60,
        "it is a number of seconds, above 0 and at most 60",
    )
    _check(
        settings,
        "analyze_interval_seconds",
        settings.analyze_interval_seconds >= 1,
        "it is a number of seconds, at least 1",
    )
    _check(
        settings,
        "max_queue_records",
        settings.max_queue_records >= 1,
        "at least one record must fit",
    )
    _check(
        settings,
        "max_queue_bytes",
        settings.max_queue_bytes >= 4096,
        "at least 4096 bytes are needed",
    )


def _check_analysis(settings: Settings) -> None:
    _check(settings, "min_rows", settings.min_rows >= 2, "a verdict needs at least 2 rows")
    header = settings.id_header
    _check(
        settings,
        "id_header",
        header is None or re.fullmatch(r"[A-Za-z0-9-]+", header) is not None,
        "it is a header's name, or None for no header",
    )
    _check(
        settings,
        "job_limit_seconds",
        settings.job_limit_seconds > 0,
        "it is a number of seconds, above 0",
    )
    _check(
        settings,
        "lease_seconds",
        settings.lease_seconds >= 1,
        "it is a number of seconds, at least 1",
    )
    _check(
        settings,
        "dashboard_url",
        (settings.dashboard_url or "http://").startswith(("http://", "https://")),
        "it starts with http:// or https://",
    )


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _check_event_time(text: str) -> None:
    kind, _, name = text.partition(":")
    if text != "request" and not (kind in ("body", "header") and name):
        raise ConfigError(
            f"event_time {text!r} is not understood; write 'request', 'body:FIELD' or 'header:NAME'"
        )


def _check_timezone(name: str) -> None:
    """Raise `ConfigError` for a time zone that is not known.

    >>> _check_timezone("Europe/Berlin")
    >>> _check_timezone("Asia/Tokio")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: timezone 'Asia/Tokio' is not known; did you mean 'Asia/Tokyo'?
    """
    if name == clock.UTC_ZONE:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        zones = sorted(available_timezones())
        known = nearest(name, zones) or "; write one such as 'Europe/Berlin'"
        if not zones:
            known = ": this machine has no time zones; install them with pip install tzdata"
        raise ConfigError(f"timezone {name!r} is not known{known}") from error


def _check_holidays(dates: Iterable[str]) -> None:
    """Raise `ConfigError` for a date that is none.

    >>> _check_holidays(["2026-12-25"])
    """
    for one in dates:
        try:
            date.fromisoformat(one)
        except ValueError as error:
            raise ConfigError(
                f"holiday {one!r} is no date; write one such as '2026-12-25'"
            ) from error
