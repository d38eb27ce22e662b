"""All options with their types and defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from modeltap.config.catalogue.metric_settings import MetricSettings
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.evaluation.price_settings import PriceSettings
from modeltap.config.group_settings import GroupSettings
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.config.improving.shadow_settings import ShadowSettings
from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.reference_settings import DEFAULT_REFERENCE
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.sending.otel_settings import OtelSettings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.config.windows import AUTO, parse_seconds
from modeltap.environments import with_environment

ModelChooser = str | Mapping[str, str] | Callable[[str], str | None] | None
"""A model's name, a ``{path: name}`` mapping, or a callable from path to name."""

EXCLUDED_PATHS = (
    "/health",
    "/healthz",
    "/livez",
    "/ready",
    "/readyz",
    "/ping",
    "/metrics",
    "/v2/health/*",
    "/v2/models/*/ready",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/favicon.ico",
    "/static/*",
)
"""Default of `exclude_paths`: paths of health checks, docs and metrics, not of predictions."""


SECRET_OPTIONS = ("mask_key", "labels_token", "dashboard_token", "metrics_token")
"""Options with a secret of the app, which is never shown."""


class FeatureSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a feature, ``[models.NAME.features.F]``; the others are inferred."""

    type: (
        Literal["numeric", "categorical", "boolean", "text", "datetime", "vector", "id"] | None
    ) = None
    min: float | None = None
    max: float | None = None
    allowed: tuple[str | int | bool, ...] | None = None
    required: bool = False
    missing_values: tuple[str | int | float, ...] | None = None


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a model, ``[models.NAME]``; None uses the general option."""

    task: Literal["classification", "regression"] | None = None
    positive: str | int | float | bool | None = None
    decision_threshold: float | None = None
    version: str | None = None
    window: str | None = None
    min_rows: int | None = None
    reference: str | None = None
    per_version: bool | None = None
    event_time: str | None = None
    day_first: bool | None = None
    sensitivity: Literal["low", "normal", "high"] | None = None
    missing_values: tuple[str | int | float, ...] | None = None
    features: dict[str, FeatureSettings] | None = None
    groups: tuple[GroupSettings, ...] | None = None
    metrics: tuple[MetricSettings, ...] | None = None
    evaluators: tuple[EvaluatorSettings, ...] | None = None
    judge: JudgeSettings | None = None
    multivariate: bool | None = None
    max_features: int | None = None
    max_list_features: int | None = None
    timezone: str | None = None
    holidays: tuple[str, ...] | None = None
    mapping: MappingSettings | None = None
    shadow: ShadowSettings | None = None
    retrain: RetrainSettings | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All options with their defaults. docs/reference/options.md describes each.

    `config.options` has the same names and types for editors and type checkers.
    """

    store: str = "modeltap.db"
    store_mode: str = "0600"
    environment: str | None = None
    disabled: bool = False

    # Capture.
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
    unmask_body_fields: tuple[str, ...] = ()
    mask_values: tuple[str, ...] = ()
    mask_budget: int = 200_000
    mask_bodies: bool = True
    mask_with: Literal["mark", "hash", "drop"] = "mark"
    mask_key: str | None = None

    # Labels.
    labels_endpoint: str | None = None
    labels_token: str | None = None

    # Pages in the app.
    dashboard: str | None = None
    dashboard_token: str | None = None
    dashboard_hosts: tuple[str, ...] = ()
    metrics_endpoint: str | None = None
    metrics_token: str | None = None

    # Writing.
    durability: Literal["fast", "process", "power"] = "fast"
    commit_timeout_seconds: float = 1.0
    flush_interval_seconds: float = 0.05
    max_queue_records: int = 50_000
    max_queue_bytes: int = 64 * 1024 * 1024

    # Retention.
    retention: str = "90d, 10GB"

    # Analysis.
    analyze: bool | Literal["external"] = True
    analyze_interval_seconds: float = 60.0
    version: str = ""
    task: Literal["classification", "regression"] | None = None
    positive: str | int | float | bool | None = None
    decision_threshold: float = 0.5
    window: str = AUTO
    min_rows: int = 100
    reference: str = DEFAULT_REFERENCE
    per_version: bool = False
    event_time: str = "request"
    day_first: bool | None = None
    sensitivity: Literal["low", "normal", "high"] = "normal"
    missing_values: tuple[str | int | float, ...] = ()
    features: dict[str, FeatureSettings] = {}
    groups: tuple[GroupSettings, ...] = ()
    metrics: tuple[MetricSettings, ...] = ()
    evaluators: tuple[EvaluatorSettings, ...] = ()
    judge: JudgeSettings | None = None
    multivariate: bool = True
    max_features: int = 1000
    max_list_features: int = 100
    timezone: str = "UTC"
    holidays: tuple[str, ...] = ()
    mapping: MappingSettings | None = None
    shadow: ShadowSettings | None = None
    prices: dict[str, PriceSettings] = {}
    models: dict[str, ModelSettings] = {}

    schedules: ScheduleSettings = ScheduleSettings()
    job_limit_seconds: float = 900.0
    lease_seconds: float = 30.0
    retrain: RetrainSettings | None = None

    # Alerts and their receivers.
    rules: tuple[RuleSettings, ...] = ()
    repeat_interval: str = "7d"
    dashboard_url: str | None = None
    webhooks: tuple[WebhookSettings, ...] = ()
    otel: OtelSettings | None = None

    # The dashboard; `[dashboard] trace_url` is the same option.
    dashboard_trace_url: str | None = None

    def __repr__(self) -> str:
        """Return all options except secrets, which must not appear in logs."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich's tracebacks."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        hidden = {name: shown[name] and "(not shown)" for name in SECRET_OPTIONS}
        return list((shown | hidden).items())

    def for_model(self, model: str) -> Settings:
        """Return the settings of `model`: its own options override the general ones."""
        own = self.models.get(model)
        if own is None:
            return self
        named = {name: getattr(own, name) for name in own.__struct_fields__}
        given = {name: value for name, value in named.items() if value is not None}
        return msgspec.structs.replace(self, **given)

    def analyzed_version(self, version: str, environment: str | None = None) -> str:
        """Return the version under which rows of `version` are analysed.

        By default all versions are analysed together: a new version continues the reference, the
        windows and the incidents of the old one. Environments are always separate.

        >>> Settings().analyzed_version("2"), Settings(per_version=True).analyzed_version("2")
        ('', '2')
        >>> Settings().analyzed_version("2", "staging")
        '@staging'
        """
        return with_environment(version if self.per_version else "", environment)

    @property
    def fixed_version(self) -> str:
        """The version of all exchanges; "" if each has its own, in a header or its response.

        >>> Settings(version="1.4").fixed_version, Settings(version="body:version").fixed_version
        ('1.4', '')
        """
        return "" if self.version.startswith(("header:", "body:")) else self.version

    @property
    def challengers(self) -> list[ShadowSettings]:
        """The challengers of all models and of single ones."""
        shadows = [self.shadow, *(own.shadow for own in self.models.values())]
        return [shadow for shadow in shadows if shadow is not None]

    def codes_of(self, name: str) -> tuple[str | int | float, ...]:
        """Return the declared codes for missing values of a feature.

        >>> Settings(missing_values=(-999,)).codes_of("age")
        (-999,)
        """
        return self.declared([name])[name].missing_values or ()

    def declared(self, names: Iterable[str]) -> dict[str, FeatureSettings]:
        """Return each feature's settings, with the general `missing_values` as a default."""
        own = {name: self.features.get(name, FeatureSettings()) for name in names}
        return {
            name: feature
            if feature.missing_values is not None
            else msgspec.structs.replace(feature, missing_values=self.missing_values)
            for name, feature in own.items()
        }


class SettingsByModel(Protocol):
    """A source of each model's settings: `Settings`, or a reader of the stored ones."""

    def for_model(self, model: str) -> Settings:
        """Return the settings of `model`."""
        ...


ANALYSIS_OPTIONS = (
    "environment",
    "version",
    "task",
    "positive",
    "decision_threshold",
    "window",
    "min_rows",
    "reference",
    "per_version",
    "event_time",
    "day_first",
    "sensitivity",
    "missing_values",
    "features",
    "groups",
    "metrics",
    "evaluators",
    "judge",
    "prices",
    "multivariate",
    "max_features",
    "max_list_features",
    "timezone",
    "holidays",
    "mapping",
    "retention",
    "rules",
    "repeat_interval",
    "dashboard_url",
    "dashboard_trace_url",
    "schedules",
)
"""The options that the watching process stores for the analysis (no secrets)."""


def repeat_seconds(text: str) -> float | None:
    """Parse `repeat_interval`: seconds between reminders, None for ``"never"``.

    >>> repeat_seconds("1d"), repeat_seconds("never")
    (86400.0, None)
    """
    return None if text.strip().lower() == "never" else parse_seconds(text, "repeat_interval")
