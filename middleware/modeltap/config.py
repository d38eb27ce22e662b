"""Settings: defaults < the store's < modeltap.toml < MODELTAP_* variables < keywords.

Checked once, when a middleware is built or a command starts; a wrong option is a `ConfigError`
that names the value, the reason and the mend.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from modeltap.checks import refuse_unknown
from modeltap.errors import ConfigError, nearest
from modeltap.mapping import MappingSettings, check_mapping
from modeltap.rule import RuleSettings, rule_of
from modeltap.timetable import ScheduleSettings
from modeltap.webhook import WebhookSettings, webhook_of
from modeltap.window import Window, parse_seconds

logger = logging.getLogger("modeltap")

ModelChooser = str | Mapping[str, str] | Callable[[str], str | None] | None
"""A model's name, a ``{path: name}`` mapping, or a callable from path to name."""

EXCLUDED_PATHS = (
    "/health", "/healthz", "/livez", "/ready", "/readyz", "/ping", "/metrics",
    "/v2/health/*", "/v2/models/*/ready",
    "/docs", "/redoc", "/openapi.json", "/favicon.ico", "/static/*",
)  # fmt: skip
"""Paths that are left out unless `exclude_paths` says otherwise: nobody's model answers there."""


class FeatureSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``[models.NAME.features.F]`` may say of one feature; the rest is learnt."""

    type: (
        Literal["numeric", "categorical", "boolean", "text", "datetime", "vector", "id"] | None
    ) = None
    min: float | None = None
    max: float | None = None
    allowed: tuple[str | int | bool, ...] | None = None
    required: bool = False
    missing_values: tuple[str | int | float, ...] | None = None


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``[models.NAME]`` may say of one model; what is absent is as for all models."""

    task: Literal["classification", "regression"] | None = None
    version: str | None = None
    window: str | None = None
    min_rows: int | None = None
    reference: str | None = None
    event_time: str | None = None
    sensitivity: Literal["low", "normal", "high"] | None = None
    missing_values: tuple[str | int | float, ...] | None = None
    features: dict[str, FeatureSettings] | None = None
    multivariate: bool | None = None
    mapping: MappingSettings | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every option, with its default. docs/configuration.md describes each."""

    store: str = "modeltap.db"
    environment: str | None = None
    disabled: bool = False

    # What is captured.
    include_paths: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = EXCLUDED_PATHS
    methods: tuple[str, ...] = ()
    sample_rate: float = 1.0
    error_sample_rate: float | None = None
    capture_request_body: bool = True
    capture_response_body: bool = True
    capture_request_headers: tuple[str, ...] = ()
    capture_response_headers: tuple[str, ...] = ()
    max_body_bytes: int = 65_536
    id_header: str | None = "x-modeltap-id"
    mask_headers: tuple[str, ...] = ()
    mask_query_params: tuple[str, ...] = ()
    mask_body_fields: tuple[str, ...] = ()
    mask_values: tuple[str, ...] = ()
    mask_bodies: bool = True
    mask_with: Literal["mark", "hash", "drop"] = "mark"
    mask_key: str | None = None

    # How it is written.
    durability: Literal["fast", "process", "power"] = "fast"
    commit_timeout_seconds: float = 1.0
    flush_interval_seconds: float = 0.05
    max_queue_records: int = 50_000
    max_queue_bytes: int = 64 * 1024 * 1024

    # How long it is kept.
    retention: str = "90d, 10GB"

    # How it is analysed.
    analyze: bool | Literal["external"] = True
    analyze_interval_seconds: float = 60.0
    version: str = ""
    task: Literal["classification", "regression"] | None = None
    window: str = "1h"
    min_rows: int = 100
    reference: str = "first 2000 rows"
    event_time: str = "request"
    sensitivity: Literal["low", "normal", "high"] = "normal"
    missing_values: tuple[str | int | float, ...] = ()
    features: dict[str, FeatureSettings] = {}
    multivariate: bool = True
    mapping: MappingSettings | None = None
    models: dict[str, ModelSettings] = {}

    schedules: ScheduleSettings = ScheduleSettings()
    job_limit_seconds: float = 900.0
    lease_seconds: float = 30.0

    # What is an alert, and who is told.
    rules: tuple[RuleSettings, ...] = ()
    repeat_interval: str = "7d"
    dashboard_url: str | None = None
    webhooks: tuple[WebhookSettings, ...] = ()

    def for_model(self, model: str) -> Settings:
        """Return these settings as they hold for `model`: its own first, then everybody's."""
        own = self.models.get(model)
        if own is None:
            return self
        named = {name: getattr(own, name) for name in own.__struct_fields__}
        said = {name: value for name, value in named.items() if value is not None}
        return msgspec.structs.replace(self, **said)

    def declared(self, names: Iterable[str]) -> dict[str, FeatureSettings]:
        """Return what was said of each feature: its own, and the codes of missing values."""
        own = {name: self.features.get(name, FeatureSettings()) for name in names}
        return {
            name: said
            if said.missing_values is not None
            else msgspec.structs.replace(said, missing_values=self.missing_values)
            for name, said in own.items()
        }


ANALYSIS_OPTIONS = ("version", "task", "window", "min_rows", "reference", "event_time",
                    "sensitivity", "missing_values", "features", "multivariate", "mapping",
                    "retention", "rules", "repeat_interval", "dashboard_url",
                    "schedules")  # fmt: skip
"""What the watching process keeps in the store for whoever analyses (no secrets)."""


def load(
    keywords: Mapping[str, object] | None = None,
    *,
    stored: Mapping[str, object] | None = None,
    file: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    tolerant: bool = False,
) -> Settings:
    """Join all sources into checked `Settings`.

    Args:
        keywords: what the caller of `watch` or a command's flags said; wins over all else.
        stored: what the watching process left in the store; wins over the defaults only.
        file: a TOML file; by default ``modeltap.toml`` or pyproject.toml in the working folder.
        environ: the environment; ``MODELTAP_SAMPLE_RATE=0.1`` sets `sample_rate`.
        tolerant: a wrong rule or webhook is named in the log and left out, so that it costs
            nobody else their alerts.

    Raises `ConfigError` on an unknown option, a wrong value or an unreadable file.

    >>> load({"sample_rate": 0.5}, environ={}).sample_rate
    0.5
    >>> load({"sampel_rate": 0.5}, environ={})
    Traceback (most recent call last):
    modeltap.errors.ConfigError: unknown option 'sampel_rate'; did you mean 'sample_rate'?
    """
    environment = os.environ if environ is None else environ
    merged: dict[str, object] = dict(stored or {})
    merged.update(_read_file(file or environment.get("MODELTAP_CONFIG")))
    merged.update(_read_environment(environment))
    merged.update(keywords or {})
    return _checked(merged, tolerant)


class Retention(msgspec.Struct, frozen=True):
    """How long exchanges are kept, and how large the store may grow; None is without bound."""

    seconds: float | None = None
    bytes: int | None = None


def parse_retention(text: str) -> Retention:
    """Read the `retention` option: an age, a size, both, or ``"forever"``.

    >>> parse_retention("30d, 10GB")
    Retention(seconds=2592000.0, bytes=10000000000)
    >>> parse_retention("forever")
    Retention(seconds=None, bytes=None)
    """
    if text.strip().lower() == "forever":
        return Retention()
    seconds = size = None
    for part in text.split(","):
        if match := re.fullmatch(r"\s*(\d+)\s*([MGT])B\s*", part, re.IGNORECASE):
            size = int(match[1]) * {"M": 10**6, "G": 10**9, "T": 10**12}[match[2].upper()]
        elif re.fullmatch(r"\s*[1-9]\d*\s*[mhdw]\s*", part):
            seconds = parse_seconds(part, "retention")
        else:
            size = 0
        if size == 0:
            raise ConfigError(
                f"retention {text!r} is not understood; write an age and a size such as "
                "'30d, 10GB', one of them, or 'forever'"
            )
    return Retention(seconds, size)


class ReferenceSettings(msgspec.Struct, frozen=True):
    """What a window is compared with: so many first rows, the first time, a file, or what moves."""

    kind: Literal["rows", "seconds", "file", "previous", "last week"]
    amount: float = 0.0
    """Rows, or seconds."""
    path: str = ""

    @property
    def moves(self) -> bool:
        """Whether each window has its own."""
        return self.kind in ("previous", "last week")


_WEEK = 7 * 86_400.0


def parse_reference(text: str) -> ReferenceSettings:
    """Read the `reference` option: the first rows, the first time, a file, or one that moves.

    >>> parse_reference("first 2000 rows").amount, parse_reference("previous 7d").kind
    (2000.0, 'previous')
    >>> parse_reference("normal.csv").path, parse_reference("same hours last week").moves
    ('normal.csv', True)
    """
    if match := re.fullmatch(r"\s*first\s+(\d+)\s+rows\s*", text):
        if int(match[1]) >= 2:
            return ReferenceSettings("rows", float(match[1]))
    elif match := re.fullmatch(r"\s*(first|previous)\s+(\d+\s*[mhdw])\s*", text):
        kind: Any = "seconds" if match[1] == "first" else "previous"
        return ReferenceSettings(kind, parse_seconds(match[2], "reference"))
    elif re.fullmatch(r"\s*same\s+hours\s+last\s+week\s*", text):
        return ReferenceSettings("last week", _WEEK)
    elif Path(text).suffix.lower() in (".csv", ".gz", ".jsonl", ".ndjson", ".parquet"):
        return ReferenceSettings("file", path=text)
    raise ConfigError(
        f"reference {text!r} is not understood; write 'first 2000 rows', 'first 7d', "
        "'previous 7d', 'same hours last week', or the path of a .csv, .csv.gz, .jsonl or "
        ".parquet file"
    )


def _checked(merged: dict[str, object], tolerant: bool) -> Settings:
    refuse_unknown(merged, Settings.__struct_fields__, "option")
    _check_features(merged, "features")
    check_mapping(merged.get("mapping"), "mapping")
    merged["models"], own = _without_rules(merged.get("models", {}))
    merged["rules"] = [*_listed(merged.get("rules", ())), *own]
    for name, table in _tables(merged.get("models")):
        refuse_unknown(table, ModelSettings.__struct_fields__, f"option of models.{name}")
        _check_features(table, f"models.{name}.features")
        check_mapping(table.get("mapping"), f"models.{name}.mapping")
    for _, table in _tables({"schedules": merged.get("schedules")}):
        refuse_unknown(table, ScheduleSettings.__struct_fields__, "option of schedules")
    merged["webhooks"] = _each(merged.get("webhooks", ()), webhook_of, tolerant)
    merged["rules"] = _each(merged["rules"], rule_of, tolerant)
    for name in ("include_paths", "exclude_paths", "capture_request_headers",
                 "capture_response_headers", "mask_headers", "mask_query_params",
                 "mask_body_fields", "mask_values", "methods"):  # fmt: skip
        if isinstance(merged.get(name), str):
            merged[name] = [merged[name]]
    if isinstance(merged.get("store"), Path):
        merged["store"] = str(merged["store"])
    settings = _converted(merged)
    _check_values(settings)
    return settings


def _without_rules(models: object) -> tuple[object, list[object]]:
    """Return the models' tables without their rules, and these, each about its model."""
    rules: list[object] = []
    tables: dict[str, object] = {}
    for name, table in _tables(models):
        tables[name] = {key: value for key, value in table.items() if key != "rules"}
        rules += [
            {**rule, "model": name} if isinstance(rule, Mapping) else rule
            for rule in _listed(table.get("rules", ()))
        ]
    return ({**models, **tables} if isinstance(models, Mapping) else models), rules


def _check_features(said: Mapping[str, object], where: str) -> None:
    for name, table in _tables(said.get("features")):
        refuse_unknown(table, FeatureSettings.__struct_fields__, f"option of {where}.{name}")
        low, high = table.get("min"), table.get("max")
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            raise ConfigError(f"{where}.{name}: min {low} is above its max {high}")


def _converted(merged: dict[str, object]) -> Settings:
    try:
        return msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`") or "an option"
        value = merged.get(name.split(".")[0].split("[")[0])
        raise ConfigError(f"option {name} = {value!r} is wrong: {reason}") from None


def _check_values(settings: Settings) -> None:
    def check(name: str, good: bool, mend: str) -> None:
        if not good:
            raise ConfigError(f"option {name} = {getattr(settings, name)!r} is wrong: {mend}")

    check("sample_rate", 0 <= settings.sample_rate <= 1, "it is a share between 0 and 1")
    rate = settings.error_sample_rate
    check("error_sample_rate", rate is None or settings.sample_rate <= rate <= 1,
          "it is a share between sample_rate and 1")  # fmt: skip
    for name in ("mask_headers", "mask_query_params", "mask_body_fields", "mask_values"):
        check(name, all(map(_is_pattern, getattr(settings, name))),
              "one of them is no regular expression")  # fmt: skip
    check("mask_with", settings.mask_with != "hash" or bool(settings.mask_key),
          "hashes need a key, or anybody could guess values; say mask_key='env:NAME'")  # fmt: skip
    check("mask_bodies", settings.mask_bodies or not (settings.mask_body_fields
          or settings.mask_values),
          "what mask_body_fields and mask_values name is not masked without it")  # fmt: skip
    check("max_body_bytes", settings.max_body_bytes >= 0, "it is a number of bytes, 0 or more")
    check("flush_interval_seconds", 0 < settings.flush_interval_seconds <= 60,
          "it is a number of seconds, above 0 and at most 60")  # fmt: skip
    check("commit_timeout_seconds", 0 < settings.commit_timeout_seconds <= 60,
          "it is a number of seconds, above 0 and at most 60")  # fmt: skip
    check("analyze_interval_seconds", settings.analyze_interval_seconds >= 1,
          "it is a number of seconds, at least 1")  # fmt: skip
    check("max_queue_records", settings.max_queue_records >= 1, "at least one record must fit")
    check("max_queue_bytes", settings.max_queue_bytes >= 4096, "at least 4096 bytes are needed")
    check("min_rows", settings.min_rows >= 2, "a verdict needs at least 2 rows")
    header = settings.id_header
    check("id_header", header is None or re.fullmatch(r"[A-Za-z0-9-]+", header) is not None,
          "it is a header's name, or None for no header")  # fmt: skip
    check("job_limit_seconds", settings.job_limit_seconds > 0, "it is a number of seconds, above 0")
    check("lease_seconds", settings.lease_seconds >= 1, "it is a number of seconds, at least 1")
    check("dashboard_url", (settings.dashboard_url or "http://").startswith(("http://", "https://")),
          "it starts with http:// or https://")  # fmt: skip
    parse_retention(settings.retention)
    repeat_seconds(settings.repeat_interval)
    settings.schedules.check()
    for one in (settings, *map(settings.for_model, settings.models)):
        _check_reference(one)
        _check_event_time(one.event_time)


def _check_reference(settings: Settings) -> None:
    window, reference = Window.parse(settings.window), parse_reference(settings.reference)
    if not reference.moves:
        return
    if window.kind != "seconds" or (reference.kind == "last week" and _WEEK % window.size):
        raise ConfigError(
            f"reference {settings.reference!r} needs windows of time that fit into it, such as "
            f"'1h' or '1d', not {settings.window!r}"
        )
    if window.size > reference.amount:
        raise ConfigError(
            f"reference {settings.reference!r} is shorter than a window of {settings.window!r}"
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


def _each(
    said: object, parse: Callable[[object], msgspec.Struct], tolerant: bool
) -> list[msgspec.Struct]:
    """Parse each entry of a list; with `tolerant`, what is wrong is logged and left out."""
    found = []
    for entry in _listed(said):
        try:
            found.append(parse(entry))
        except ConfigError as error:
            if not tolerant:
                raise
            logger.warning("modeltap: left out: %s", error)
    return found


def repeat_seconds(text: str) -> float | None:
    """Read `repeat_interval`: seconds between reminders, None for ``"never"``.

    >>> repeat_seconds("1d"), repeat_seconds("never")
    (86400.0, None)
    """
    return None if text.strip().lower() == "never" else parse_seconds(text, "repeat_interval")


def _tables(value: object) -> list[tuple[str, Mapping[str, object]]]:
    if not isinstance(value, Mapping):
        return []
    return [(name, table) for name, table in value.items() if isinstance(table, Mapping)]


def _listed(value: object) -> Iterable[object]:
    if isinstance(value, (str, Mapping, WebhookSettings, RuleSettings)):
        return [value]
    return value if isinstance(value, (list, tuple)) else [value]


def _read_file(path: str | Path | None) -> dict[str, object]:
    """Read the settings file; the default ones may be absent, a named one may not."""
    if path is not None:
        return _read_toml(Path(path))
    if Path("modeltap.toml").is_file():
        return _read_toml(Path("modeltap.toml"))
    project = Path("pyproject.toml")
    # Another tool's broken pyproject.toml is not ours to complain about.
    if project.is_file() and "[tool.modeltap" in project.read_text(errors="replace"):
        table: Any = _read_toml(project).get("tool")
        return dict(table["modeltap"])
    return {}


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"configuration {str(path)!r} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration {str(path)!r} is no valid TOML: {error}") from None


_OTHER_VARIABLES = {"MODELTAP_CONFIG", "MODELTAP_MODEL"}


def _read_environment(environ: Mapping[str, str]) -> dict[str, object]:
    said: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith("MODELTAP_") or variable in _OTHER_VARIABLES:
            continue
        name = variable.removeprefix("MODELTAP_").lower()
        if name not in Settings.__struct_fields__:
            known = [f"MODELTAP_{field.upper()}" for field in Settings.__struct_fields__]
            raise ConfigError(f"unknown variable {variable!r}{nearest(variable, known)}")
        said[name] = _from_text(name, text)
    return said


def _from_text(name: str, text: str) -> object:
    default = getattr(Settings(), name)
    if isinstance(default, bool):
        lowered = text.strip().lower()
        if lowered in ("1", "true", "yes", "on"):
            return True
        return False if lowered in ("0", "false", "no", "off", "") else text
    if isinstance(default, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, dict):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(f"MODELTAP_{name.upper()} is no valid JSON: {text!r}") from None
    return None if text == "" and name in ("id_header", "environment") else text
