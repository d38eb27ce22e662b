"""Sources of settings: defaults, the store, a file, the environment, keyword arguments.

Later sources override earlier ones. Options are checked once, when a middleware is built or a
command starts. An invalid option raises a `ConfigError` with the value, the reason and the fix.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from modeltap.config.bounds import check_values
from modeltap.config.evaluation.price_settings import parse_prices
from modeltap.config.mapping_settings import check_mapping
from modeltap.config.reading.environment_variables import read_environment
from modeltap.config.reading.settings_file import read_settings_file
from modeltap.config.reading.structured_options import parse_structured
from modeltap.config.reading.value_types import struct_of
from modeltap.config.rule_settings import parse_rule
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.sending.otel_settings import parse_otel
from modeltap.config.settings import FeatureSettings, ModelSettings, Settings
from modeltap.config.validation import bare, entries_of, refuse_unknown, tables
from modeltap.config.webhook_settings import parse_webhook
from modeltap.errors import ConfigError
from modeltap.logs import logger


def load(
    keywords: Mapping[str, object] | None = None,
    *,
    stored: Mapping[str, object] | None = None,
    file: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    tolerant: bool = False,
) -> Settings:
    """Merge all sources into checked `Settings`.

    Args:
        keywords: keyword arguments of `watch`, or a command's flags; override everything else.
        stored: settings that the app left in the store; override only the defaults.
        file: a TOML file; by default ``modeltap.toml`` or pyproject.toml in the working directory.
        environ: the environment; ``MODELTAP_SAMPLE_RATE=0.1`` sets `sample_rate`.
        tolerant: log an invalid rule or webhook and skip it, so that the others keep working.

    Raises `ConfigError` on an unknown option, an invalid value or an unreadable file.

    >>> load({"sample_rate": 0.5}, environ={}).sample_rate
    0.5
    >>> load({"sampel_rate": 0.5}, environ={})
    Traceback (most recent call last):
    modeltap.errors.ConfigError: unknown option 'sampel_rate'; did you mean 'sample_rate'?
    """
    environment = os.environ if environ is None else environ
    merged: dict[str, object] = dict(stored or {})
    named = file or bare(environment.get("MODELTAP_CONFIG", "")) or None
    merged.update(_with_short_forms(read_settings_file(named)))
    merged.update(_with_short_forms(read_environment(environment)))
    merged.update(_with_short_forms(keywords or {}))
    return _checked(merged, tolerant)


def _with_short_forms(options: Mapping[str, object]) -> dict[str, object]:
    """Return options with short forms replaced: the table `dashboard`, and a path as `metrics`.

    >>> _with_short_forms({"dashboard": {"path": "/modeltap", "token": "env:T"}})
    {'dashboard': '/modeltap', 'dashboard_token': 'env:T'}
    >>> _with_short_forms({"metrics": "/metrics"})
    {'metrics_endpoint': '/metrics'}
    """
    options = _without_table(options, "dashboard", "path")
    given = options.get("metrics")
    path = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(path, str) or not path.startswith("/"):
        return options
    rest = {name: value for name, value in options.items() if name != "metrics"}
    return {"metrics_endpoint": path, **rest}


def _checked(merged: dict[str, object], tolerant: bool) -> Settings:
    refuse_unknown(merged, Settings.__struct_fields__)
    merged.update((name, bare(text)) for name, text in merged.items() if isinstance(text, str))
    _parse_tables(merged, tolerant)
    _convert_forms(merged)
    settings = struct_of(merged, Settings)
    check_values(settings)
    return settings


def _parse_tables(merged: dict[str, object], tolerant: bool) -> None:
    """Check the options that are tables, and replace those that have a class of their own."""
    _check_features(merged, "features")
    check_mapping(merged.get("mapping"), "mapping")
    merged["models"], own = _without_rules(merged.get("models", {}))
    merged["rules"] = [*entries_of(merged.get("rules", ())), *own]
    own_metrics = parse_structured(merged)
    if merged.get("otel") is not None:
        merged["otel"] = next(iter(_each("otel", merged["otel"], parse_otel, tolerant)), None)
    if "prices" in merged:
        merged["prices"] = parse_prices(merged["prices"])
    for name, table in tables(merged.get("models")):
        refuse_unknown(table, ModelSettings.__struct_fields__, f"models.{name}")
        _check_features(table, f"models.{name}.features")
        check_mapping(table.get("mapping"), f"models.{name}.mapping")
    for _, table in tables({"schedules": merged.get("schedules")}):
        refuse_unknown(table, ScheduleSettings.__struct_fields__, "schedules")
    merged["webhooks"] = _each("webhooks", merged.get("webhooks", ()), parse_webhook, tolerant)
    parse = partial(parse_rule, own_metrics=own_metrics)
    merged["rules"] = _each("rules", merged["rules"], parse, tolerant)


_LISTS = (
    "include_paths",
    "exclude_paths",
    "capture_request_headers",
    "capture_response_headers",
    "dashboard_hosts",
    "mask_headers",
    "mask_query_params",
    "mask_body_fields",
    "unmask_body_fields",
    "mask_values",
    "methods",
)
"""Lists of texts, for which a single text may be given."""


def _convert_forms(merged: dict[str, object]) -> None:
    """Replace other forms of a value by that of its option."""
    for name in _LISTS:
        if isinstance(merged.get(name), str):
            merged[name] = [merged[name]]
    if isinstance(merged.get("store"), Path):
        merged["store"] = str(merged["store"])
    if type(merged.get("store_mode")) is int:  # 0o640 in Python or TOML
        merged["store_mode"] = f"0{merged['store_mode']:o}"


def _without_table(options: Mapping[str, object], table: str, own_name: str) -> dict[str, object]:
    """Return options with those of a table as options of their own: ``TABLE_NAME``.

    Args:
        own_name: the entry that is the option ``TABLE``.

    >>> _without_table({"dashboard": {"trace_url": "http://a/{trace_id}"}}, "dashboard", "path")
    {'dashboard_trace_url': 'http://a/{trace_id}'}
    """
    own = options.get(table)
    if not isinstance(own, Mapping):
        return dict(options)
    prefix = f"{table}_"
    fields = [name for name in Settings.__struct_fields__ if name.startswith(prefix)]
    names = {name.removeprefix(prefix): name for name in fields} | {own_name: table}
    refuse_unknown(own, names, table)
    rest = {name: value for name, value in options.items() if name != table}
    return rest | {names[name]: value for name, value in own.items()}


def _without_rules(models: object) -> tuple[object, list[object]]:
    """Return the models' tables without their rules, and the rules, restricted to their model."""
    rules: list[object] = []
    rest: dict[str, object] = {}
    for name, table in tables(models):
        rest[name] = {key: value for key, value in table.items() if key != "rules"}
        rules += [
            {**rule, "model": name} if isinstance(rule, Mapping) else rule
            for rule in entries_of(table.get("rules", ()))
        ]
    return ({**models, **rest} if isinstance(models, Mapping) else models), rules


def _check_features(options: Mapping[str, object], where: str) -> None:
    for name, table in tables(options.get("features")):
        refuse_unknown(table, FeatureSettings.__struct_fields__, f"{where}.{name}")
        low, high = table.get("min"), table.get("max")
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            raise ConfigError(f"{where}.{name}: min {low} is greater than max {high}; swap them")


def _each(
    kind: str, value: object, parse: Callable[[object], msgspec.Struct], tolerant: bool
) -> list[msgspec.Struct]:
    """Parse each entry of a list; with `tolerant`, log invalid entries and skip them."""
    parsed = []
    entries = list(entries_of(value))
    for position, entry in enumerate(entries, 1):
        try:
            parsed.append(parse(entry))
        except ConfigError as error:
            where = f" (number {position} of {len(entries)} {kind})" if len(entries) > 1 else ""
            if not tolerant:
                raise ConfigError(f"{error}{where}") from None
            logger.warning("modeltap: ignored an entry: %s%s", error, where)
    return parsed
