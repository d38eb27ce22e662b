"""Keyword arguments of `watch`, `capture` and the middlewares, for editors and type checkers.

`Settings` holds their defaults and checks their values. A test compares the names and types of
both. Sequences may be of any type, and a mapping may replace a struct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from modeltap.config.catalogue.metric_settings import MetricSettings
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.evaluation.price_settings import PriceSettings
from modeltap.config.group_settings import GroupSettings
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.config.improving.shadow_settings import ShadowSettings
from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.sending.otel_settings import OtelSettings
from modeltap.config.settings import FeatureSettings, ModelSettings
from modeltap.config.webhook_settings import WebhookSettings

MaskBody = Callable[[bytes, str], bytes | None]
"""A function of a body and its content type that returns the body to store, or None."""

VersionFunction = Callable[[], object]
"""A function that returns the version of the model that has just answered."""


class Options(TypedDict, total=False):
    """Every option; docs/reference/options.md describes each with its default."""

    store: str | Path
    """The SQLite file."""
    store_mode: str
    """File mode of the store: 0600, or 0640 or 0660 to give access to a group."""
    environment: str | None
    """A name such as ``production``, stored with each exchange."""
    disabled: bool
    """True turns everything off."""

    include_paths: Sequence[str]
    """Paths to record, as patterns with ``*``. Default: all paths."""
    exclude_paths: Sequence[str]
    """Paths to skip. Default: health checks, docs and metrics."""
    methods: Sequence[str]
    """HTTP methods to record. Default: all methods."""
    sample_rate: float
    """Fraction of exchanges to record, 0 to 1."""
    error_sample_rate: float | None
    """Fraction of failed exchanges to record, at least `sample_rate`."""
    capture_request_body: bool
    """True records request bodies."""
    capture_response_body: bool
    """True records response bodies."""
    capture_request_headers: Sequence[str]
    """Names of request headers to record."""
    capture_response_headers: Sequence[str]
    """Names of response headers to record."""
    max_body_bytes: int
    """Maximum number of bytes to record of each body."""
    id_header: str | None
    """Response header for the exchange's id; None adds no header."""
    mask_headers: Sequence[str]
    """Patterns of header names to mask in addition to the defaults."""
    mask_query_params: Sequence[str]
    """Patterns of query parameters to mask in addition to the defaults."""
    mask_body_fields: Sequence[str]
    """Patterns of body fields to mask in addition to the defaults."""
    unmask_body_fields: Sequence[str]
    """Patterns of body fields to exempt from the default masks."""
    mask_values: Sequence[str]
    """Kinds of values to mask: email, phone, card, key, or regular expressions."""
    mask_budget: int
    """Maximum number of names and values to check per exchange; larger bodies are not stored."""
    mask_bodies: bool
    """False stores bodies without masking."""
    mask_with: Literal["mark", "hash", "drop"]
    """Replacement of a masked value."""
    mask_key: str | None
    """Key of the hashes, preferably as ``env:NAME``."""
    mask_body: MaskBody | None
    """A function of a body and its content type that returns the body to store."""

    labels_endpoint: str | None
    """Path on which the app receives labels, such as ``/labels``. Default: none."""
    labels_token: str | None
    """Token that senders of labels must present, preferably as ``env:NAME``."""

    dashboard: str | None
    """Path at which the app shows the dashboard, such as ``/modeltap``. Default: none."""
    dashboard_token: str | None
    """Token that the dashboard asks for; without one, it answers loopback clients only."""
    dashboard_hosts: Sequence[str]
    """Names of the app in browsers, besides loopback names and IP addresses."""
    metrics_endpoint: str | None
    """Path at which Prometheus reads the metrics, such as ``/metrics``. Default: none."""
    metrics_token: str | None
    """Token that Prometheus must present. Default: `dashboard_token`."""

    durability: Literal["fast", "process", "power"]
    """``process`` delays the end of a response until the commit, ``power`` until the disk sync."""
    commit_timeout_seconds: float
    """Maximum time that a response waits for its commit."""
    flush_interval_seconds: float
    """The batching delay before a write."""
    max_queue_records: int
    """Maximum number of exchanges that wait for the writer."""
    max_queue_bytes: int
    """Maximum number of bytes that wait for the writer."""

    retention: str
    """Maximum age of exchanges and maximum size of the store."""

    analyze: bool | Literal["external"]
    """True runs a scheduler in the app, ``"external"`` leaves it to `modeltap worker`."""
    analyze_interval_seconds: float
    """Interval between analyses."""
    version: str | VersionFunction
    """The model's version, ``header:NAME``, ``body:FIELD``, or a function that returns it."""
    task: Literal["classification", "regression"] | None
    """The model's task; inferred by default."""
    positive: str | int | float | bool | None
    """The positive class: the label whose probability the score is."""
    decision_threshold: float
    """Lowest score that predicts the positive class."""
    window: str
    """Window length: a duration, or a number of rows."""
    min_rows: int
    """Minimum number of rows in a window; smaller windows are merged with the next one."""
    reference: str
    """The rows that windows are compared with."""
    per_version: bool
    """True gives each version of a model its own reference."""
    event_time: str
    """Source of a row's time: the request, a body field or a header."""
    day_first: bool | None
    """True reads 01/02/2024 as 1 February; None rejects ambiguous dates."""
    sensitivity: Literal["low", "normal", "high"]
    """How small a change raises an alert."""
    missing_values: Sequence[str | int | float]
    """Codes for missing values, for all features."""
    features: Mapping[str, FeatureSettings | Mapping[str, Any]]
    """Settings of single features, by name."""
    groups: Sequence[str | GroupSettings | Mapping[str, Any]]
    """Groups of rows whose treatment by the model is compared: fields, or tables."""
    metrics: str | Sequence[MetricSettings | Mapping[str, Any]]
    """Metrics of your own: functions of a labelled row, with a target. A path is the same as
    `metrics_endpoint`."""
    evaluators: Sequence[EvaluatorSettings | Mapping[str, Any]]
    """Checks of single outputs, such as valid JSON or a length."""
    judge: JudgeSettings | Mapping[str, Any] | None
    """A language model that rates outputs by a rubric."""
    prices: Mapping[str, PriceSettings | Mapping[str, Any]]
    """Prices of a million tokens, by the names of language models."""
    multivariate: bool
    """True also compares samples of complete rows (multivariate drift)."""
    max_features: int
    """Maximum number of monitored columns per model."""
    max_list_features: int
    """Longest list whose elements are features of their own; longer lists are vectors."""
    timezone: str
    """Time zone of the daily and weekly rhythm, such as ``Europe/Berlin``."""
    holidays: Sequence[str]
    """Dates such as ``2026-12-25`` to treat like weekends."""
    mapping: MappingSettings | Mapping[str, Any] | None
    """Location of rows and predictions in the bodies."""
    shadow: str | ShadowSettings | Mapping[str, Any] | None
    """A challenger that receives a fraction of the requests: a URL, or a table."""
    models: Mapping[str, ModelSettings | Mapping[str, Any]]
    """Options of single models, which override the general ones."""

    schedules: ScheduleSettings | Mapping[str, Any]
    """Times of the scheduler's jobs."""
    job_limit_seconds: float
    """Maximum run time of a job."""
    lease_seconds: float
    """Time after which another worker takes over from one that died."""
    retrain: RetrainSettings | Mapping[str, Any] | None
    """When and how the models are retrained."""

    rules: Sequence[RuleSettings | Mapping[str, Any]]
    """Custom alert rules."""
    repeat_interval: str
    """Interval between reminders of a firing alert."""
    dashboard_url: str | None
    """Base URL of the links in messages."""
    webhooks: Sequence[str | WebhookSettings | Mapping[str, Any]]
    """Receivers of alerts: URLs, or tables."""
    otel: str | OtelSettings | Mapping[str, Any] | None
    """A receiver of metrics and alerts by OpenTelemetry: a URL, or a table."""

    dashboard_trace_url: str | None
    """Address of a trace, with ``{trace_id}`` in it; the dashboard links to it."""
