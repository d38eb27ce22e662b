"""Sources of settings: defaults, the store, a file, the environment, keyword arguments.

Later sources override earlier ones. Options are checked once, when a middleware is built or a
command starts. An invalid option raises a `ConfigError` with the value, the reason and the fix.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config.bounds import check_values
from modeltap.config.catalogue.metric_settings import parse_metrics
from modeltap.config.evaluation.evaluator_settings import parse_evaluators
from modeltap.config.evaluation.judge_settings import parse_judge
from modeltap.config.evaluation.price_settings import parse_prices
from modeltap.config.group_settings import parse_groups
from modeltap.config.improving.retrain_settings import parse_retrain
from modeltap.config.improving.shadow_settings import parse_shadow
from modeltap.config.mapping_settings import check_mapping
from modeltap.config.metrics import CATALOGUE
from modeltap.config.rule_settings import RuleSettings, parse_rule
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.sending.otel_settings import parse_otel
from modeltap.config.settings import FeatureSettings, ModelSettings, Settings
from modeltap.config.validation import bare, refuse_unknown, setting
from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError, nearest
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
    merged.update(_with_short_forms(_read_file(named)))
    merged.update(_with_short_forms(_read_environment(environment)))
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
    _check_features(merged, "features")
    check_mapping(merged.get("mapping"), "mapping")
    merged["models"], own = _without_rules(merged.get("models", {}))
    merged["rules"] = [*_listed(merged.get("rules", ())), *own]
    _parse_groups(merged)
    _parse_shadows(merged)
    _parse_policies(merged)
    own_metrics = _parse_metrics(merged)
    _parse_evaluators(merged)
    if merged.get("otel") is not None:
        merged["otel"] = next(iter(_each("otel", merged["otel"], parse_otel, tolerant)), None)
    if "prices" in merged:
        merged["prices"] = parse_prices(merged["prices"])
    for name, table in _tables(merged.get("models")):
        refuse_unknown(table, ModelSettings.__struct_fields__, f"models.{name}")
        _check_features(table, f"models.{name}.features")
        check_mapping(table.get("mapping"), f"models.{name}.mapping")
    for _, table in _tables({"schedules": merged.get("schedules")}):
        refuse_unknown(table, ScheduleSettings.__struct_fields__, "schedules")
    merged["webhooks"] = _each("webhooks", merged.get("webhooks", ()), parse_webhook, tolerant)
    parse = partial(parse_rule, own_metrics=own_metrics)
    merged["rules"] = _each("rules", merged["rules"], parse, tolerant)
    for name in (
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
    ):
        if isinstance(merged.get(name), str):
            merged[name] = [merged[name]]
    if isinstance(merged.get("store"), Path):
        merged["store"] = str(merged["store"])
    if type(merged.get("store_mode")) is int:  # 0o640 in Python or TOML
        merged["store_mode"] = f"0{merged['store_mode']:o}"
    settings = _converted(merged)
    check_values(settings)
    return settings


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
    tables: dict[str, object] = {}
    for name, table in _tables(models):
        tables[name] = {key: value for key, value in table.items() if key != "rules"}
        rules += [
            {**rule, "model": name} if isinstance(rule, Mapping) else rule
            for rule in _listed(table.get("rules", ()))
        ]
    return ({**models, **tables} if isinstance(models, Mapping) else models), rules


def _parse_groups(merged: dict[str, object]) -> None:
    """Replace the groups of all models, and of single ones, by their settings."""
    if "groups" in merged:
        merged["groups"] = parse_groups(merged["groups"])
    for name, table in _tables(merged.get("models")):
        if isinstance(table, dict) and table.get("groups") is not None:
            table["groups"] = parse_groups(table["groups"], f"models.{name}.groups")


def _parse_shadows(merged: dict[str, object]) -> None:
    """Replace the challengers of all models, and of single ones, by their settings."""
    places: list[tuple[str, Any]] = [("shadow", merged)]
    places += [(f"models.{name}.shadow", own) for name, own in _tables(merged.get("models"))]
    for where, table in places:
        if table.get("shadow") is not None:
            table["shadow"] = parse_shadow(table["shadow"], where)


def _parse_policies(merged: dict[str, object]) -> None:
    """Replace the policies of retraining, of all models and of single ones, by their settings."""
    if merged.get("retrain") is not None:
        merged["retrain"] = parse_retrain(merged["retrain"])
    for name, table in _tables(merged.get("models")):
        if isinstance(table, dict) and table.get("retrain") is not None:
            table["retrain"] = parse_retrain(table["retrain"], f"models.{name}.retrain")


def _parse_metrics(merged: dict[str, object]) -> set[str]:
    """Replace the user's own metrics by their settings; return their names."""
    names: set[str] = set()
    places: list[tuple[str, Any]] = [("metrics", merged)]
    places += [(f"models.{name}.metrics", own) for name, own in _tables(merged.get("models"))]
    for where, table in places:
        if table.get("metrics") is not None:
            table["metrics"] = parse_metrics(table["metrics"], CATALOGUE, where)
            names.update(metric.name for metric in table["metrics"])
    return names


def _parse_evaluators(merged: dict[str, object]) -> None:
    """Replace the evaluators of all models, and of single ones, by their settings."""
    places: list[tuple[str, Any]] = [("evaluators", merged)]
    places += [(f"models.{name}.evaluators", own) for name, own in _tables(merged.get("models"))]
    for where, table in places:
        if table.get("evaluators") is not None:
            table["evaluators"] = parse_evaluators(table["evaluators"], where)
        if table.get("judge") is not None:
            place = where.removesuffix("evaluators") + "judge"
            table["judge"] = parse_judge(table["judge"], place)


def _check_features(options: Mapping[str, object], where: str) -> None:
    for name, table in _tables(options.get("features")):
        refuse_unknown(table, FeatureSettings.__struct_fields__, f"{where}.{name}")
        low, high = table.get("min"), table.get("max")
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            raise ConfigError(f"{where}.{name}: min {low} is greater than max {high}; swap them")


def _converted(merged: dict[str, object]) -> Settings:
    try:
        return msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`") or "an option"
        option = setting(name, _at(merged, name))
        raise ConfigError(f"option {option} is invalid: {reason}") from None


def _at(value: Any, path: str) -> Any:
    """Return the value at a path such as ``models.m.window``, or its nearest parent.

    >>> _at({"models": {"m": {"window": 5}}}, "models.m.window"), _at({"days": ["a"]}, "days[...]")
    (5, ['a'])
    """
    for part in path.replace("[", ".").replace("]", "").split("."):
        if not isinstance(value, Mapping) or part not in value:
            return value
        value = value[part]
    return value


def _each(
    kind: str, value: object, parse: Callable[[object], msgspec.Struct], tolerant: bool
) -> list[msgspec.Struct]:
    """Parse each entry of a list; with `tolerant`, log invalid entries and skip them."""
    parsed = []
    entries = list(_listed(value))
    for position, entry in enumerate(entries, 1):
        try:
            parsed.append(parse(entry))
        except ConfigError as error:
            where = f" (number {position} of {len(entries)} {kind})" if len(entries) > 1 else ""
            if not tolerant:
                raise ConfigError(f"{error}{where}") from None
            logger.warning("modeltap: ignored an entry: %s%s", error, where)
    return parsed


def _tables(value: object) -> list[tuple[str, Mapping[str, object]]]:
    if not isinstance(value, Mapping):
        return []
    return [(name, table) for name, table in value.items() if isinstance(table, Mapping)]


def _listed(value: object) -> Iterable[object]:
    if isinstance(value, (str, Mapping, WebhookSettings, RuleSettings)):
        return [value]
    return value if isinstance(value, (list, tuple)) else [value]


def remember_file() -> None:
    """Remember this directory's settings file for the rest of the process.

    An app may change its working directory before its framework builds the middleware.
    """
    global _remembered
    file = _default_file()
    _remembered = file.absolute() if file else _remembered


_remembered: Path | None = None


def _read_file(path: str | Path | None) -> dict[str, object]:
    """Read the settings file. The default files are optional, a named file must exist."""
    if path is not None:
        return _read_toml(Path(path))
    file = _default_file() or _remembered
    if file is None or not file.is_file():
        return {}
    if file.name == "modeltap.toml":
        return _read_toml(file)
    table: Any = _read_toml(file).get("tool")
    return dict(table["modeltap"])


def _default_file() -> Path | None:
    """Return the settings file of the working directory, if any."""
    if Path("modeltap.toml").is_file():
        return Path("modeltap.toml")
    project = Path("pyproject.toml")
    # A pyproject.toml without our table is not parsed: its errors concern other tools.
    has_table = project.is_file() and "[tool.modeltap" in project.read_text(errors="replace")
    return project if has_table else None


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read configuration {str(path)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = _without_quotes(str(error))
        raise ConfigError(f"configuration {str(path)!r} is not valid TOML: {reason}") from None


def _without_quotes(reason: str) -> str:
    """Return a parser's message without quoted keys, which may be misplaced secrets.

    >>> _without_quotes("Cannot declare ('hooks', 'T0KEN') twice (at line 3, column 4)")
    'at line 3, column 4'
    >>> _without_quotes("Expected '=' after a key in a key/value pair (at line 3, column 4)")
    "Expected '=' after a key in a key/value pair (at line 3, column 4)"
    """
    message, _, location = reason.rpartition(" (at ")
    quotes = re.search(r"""(['"]).{4,}\1|\(""", message)
    return f"at {location.rstrip(')')}" if quotes else reason


_PREFIX = "MODELTAP_"

TRAINING_VARIABLES = (
    "MODELTAP_DATA",
    "MODELTAP_ARTEFACT",
    "MODELTAP_REASON",
    "MODELTAP_ROWS",
    "MODELTAP_RUN",
    "MODELTAP_SINCE",
    "MODELTAP_UNTIL",
)
"""Variables for the command or the function that retrains a model, which may use modeltap."""

_OTHER_VARIABLES = ("MODELTAP_CONFIG", "MODELTAP_MODEL", "MODELTAP_PYTHON", *TRAINING_VARIABLES)
"""Variables with this prefix that are not options."""

_SERVICE_VARIABLE = re.compile(
    r"MODELTAP_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?"
    r"|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)"
)
_PORT_VARIABLE = re.compile(r"MODELTAP_(\w+_)?PORT=(tcp|udp|sctp)://.*")
"""Kubernetes sets these in each container for a Service named modeltap or modeltap-..."""

_OFF_IF_EMPTY = (
    "id_header",
    "environment",
    "labels_endpoint",
    "labels_token",
    "otel",
    "dashboard",
    "dashboard_token",
    "dashboard_trace_url",
    "metrics_endpoint",
    "metrics_token",
    "shadow",
)
"""Options that an empty variable turns off."""

_warned: set[str] = set()
"""Variables for which this process has logged a warning."""


def _read_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """Return the options set by environment variables; log a warning for unknown names.

    Variables may come from Kubernetes or a base image, not from the app's author, so an unknown
    name must not stop the app.
    """
    ours = {name: text for name, text in environ.items() if name.startswith(_PREFIX)}
    options: dict[str, object] = {}
    unknown = []
    for variable, text in ours.items():
        name = variable.removeprefix(_PREFIX).lower()
        if variable == variable.upper() and name in Settings.__struct_fields__:
            options[name] = _from_text(name, text)
        elif variable not in _OTHER_VARIABLES:
            unknown.append(variable)
    _warn_of([variable for variable in unknown if variable not in _warned], ours)
    return options


def _warn_of(unknown: list[str], environ: Mapping[str, str]) -> None:
    """Log each unknown variable once, and the variables of a Kubernetes Service together."""
    _warned.update(unknown)
    service = [name for name in unknown if _is_of_a_service(name, environ[name])]
    if service:
        logger.warning(
            "modeltap: ignored %s: Kubernetes sets these variables for a Service whose name starts "
            "with modeltap; to avoid them, set 'enableServiceLinks: false' in the pod's spec",
            ", ".join(sorted(service)),
        )
    known = [f"{_PREFIX}{field.upper()}" for field in Settings.__struct_fields__]
    for name in sorted(set(unknown) - set(service)):
        reason = nearest(name.upper(), [*known, *_OTHER_VARIABLES], _PREFIX)
        logger.warning("modeltap: ignored unknown environment variable %r%s", name, reason)


def _is_of_a_service(variable: str, text: str) -> bool:
    """Return True if Kubernetes has set this variable for a Service.

    >>> _is_of_a_service("MODELTAP_PORT", "tcp://10.0.0.1:80")
    True
    >>> _is_of_a_service("MODELTAP_PORT", "8000")
    False
    """
    is_port = _PORT_VARIABLE.fullmatch(f"{variable}={text}")
    return bool(is_port or _SERVICE_VARIABLE.fullmatch(variable))


def _from_text(name: str, text: str) -> object:
    default = getattr(Settings(), name)
    if isinstance(default, bool):
        lowered = text.strip().lower()
        if lowered in ("1", "true", "yes", "on"):
            return True
        return False if lowered in ("0", "false", "no", "off", "") else text
    if text.lstrip().startswith("[{"):  # tables, as rules are
        with suppress(ValueError):
            return json.loads(text)
    if isinstance(default, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    is_table = name in ("mapping", "retrain", "judge") or (
        name in ("shadow", "otel") and text.lstrip().startswith("{")
    )
    if isinstance(default, dict) or (is_table and text):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(f"MODELTAP_{name.upper()} is not valid JSON: {text!r}") from None
    return None if text == "" and name in _OFF_IF_EMPTY else text
