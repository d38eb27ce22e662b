"""The options of `watch`, `capture` and the middlewares, for editors and type checkers.

`Settings` has their defaults and checks their values; a test holds both to the same names and
types. Where `Settings` has a tuple, any sequence will do, and where it has a struct, a mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.settings import FeatureSettings, ModelSettings
from modeltap.config.webhook_settings import WebhookSettings

MaskBody = Callable[[bytes, str], bytes | None]
"""From a body and its content type to what may be kept of it; None keeps nothing."""


class Options(TypedDict, total=False):
    """Every option; docs/reference/options.md describes each with its default."""

    store: str | Path
    """The SQLite file."""
    store_mode: str
    """The mode of the store's files: 0600, or 0640 or 0660 for a group."""
    environment: str | None
    """A name such as ``production``, stored with each exchange."""
    disabled: bool
    """Turns everything off."""

    include_paths: Sequence[str]
    """The paths that are tapped, as patterns with ``*``; all by default."""
    exclude_paths: Sequence[str]
    """The paths that are left out; health, docs and metrics by default."""
    methods: Sequence[str]
    """The HTTP methods that are tapped; all by default."""
    sample_rate: float
    """The fraction of exchanges that is kept, 0 to 1."""
    error_sample_rate: float | None
    """The fraction of failed exchanges that is kept, at least `sample_rate`."""
    capture_request_body: bool
    """Whether request bodies are kept."""
    capture_response_body: bool
    """Whether response bodies are kept."""
    capture_request_headers: Sequence[str]
    """The names of request headers to keep."""
    capture_response_headers: Sequence[str]
    """The names of response headers to keep."""
    max_body_bytes: int
    """The bytes that are kept of each body."""
    id_header: str | None
    """The response header with the exchange's id; None for no header."""
    mask_headers: Sequence[str]
    """Patterns of header names to mask, beside the defaults."""
    mask_query_params: Sequence[str]
    """Patterns of query parameters to mask, beside the defaults."""
    mask_body_fields: Sequence[str]
    """Patterns of body fields to mask, beside the defaults."""
    unmask_body_fields: Sequence[str]
    """Patterns of body fields that the defaults mask and that are to be kept."""
    mask_values: Sequence[str]
    """Values to mask by their look: email, phone, card, key, or regular expressions."""
    mask_budget: int
    """The names and values of one exchange that are looked at; with more, a body is not kept."""
    mask_bodies: bool
    """False keeps bodies as they came."""
    mask_with: Literal["mark", "hash", "drop"]
    """Replacement of a masked value."""
    mask_key: str | None
    """The key of hashes, best as ``env:NAME``."""
    mask_body: MaskBody | None
    """The app's own function from a body and its content type to what is kept."""

    durability: Literal["fast", "process", "power"]
    """Whether a response's end waits for the commit, and the commit for the disk."""
    commit_timeout_seconds: float
    """How long a response waits for its commit at most."""
    flush_interval_seconds: float
    """The batching delay before a write."""
    max_queue_records: int
    """How many exchanges may wait for the writer."""
    max_queue_bytes: int
    """How many bytes of exchanges may wait for the writer."""

    retention: str
    """How long exchanges are kept, and how large the store may grow."""

    analyze: bool | Literal["external"]
    """Whether a scheduler runs beside the app."""
    analyze_interval_seconds: float
    """How often the scheduler analyses."""
    version: str
    """The model's version."""
    task: Literal["classification", "regression"] | None
    """The model's task; inferred by default."""
    positive: str | int | float | bool | None
    """The label that scores are the probability of."""
    decision_threshold: float
    """The least score that predicts the positive class."""
    window: str
    """The window of an evaluation: a length of time, or a number of rows."""
    min_rows: int
    """A window with fewer rows waits for the next one."""
    reference: str
    """The rows that windows are compared with."""
    per_version: bool
    """Whether each version of a model has a reference of its own."""
    event_time: str
    """Where a row's time is: the request's, a body's field or a header."""
    day_first: bool | None
    """Whether an event time such as 01/02/2024 is the first of February; None: it is not read."""
    sensitivity: Literal["low", "normal", "high"]
    """How small a change alerts."""
    missing_values: Sequence[str | int | float]
    """Codes that stand for no value in all features."""
    features: Mapping[str, FeatureSettings | Mapping[str, Any]]
    """Settings of single features, by name."""
    multivariate: bool
    """Whether samples of whole rows are compared, too."""
    max_features: int
    """How many columns of a model's rows are features; the rest is not monitored."""
    max_list_features: int
    """Up to how many numbers in a list are as many features; a longer list is a vector."""
    timezone: str
    """The time zone of the rhythm, such as ``Europe/Berlin``."""
    holidays: Sequence[str]
    """Dates such as ``2026-12-25`` that are like weekends."""
    mapping: MappingSettings | Mapping[str, Any] | None
    """Where rows and responses are in the bodies."""
    models: Mapping[str, ModelSettings | Mapping[str, Any]]
    """Options of one model, over those for all."""

    schedules: ScheduleSettings | Mapping[str, Any]
    """When the scheduler's jobs run."""
    job_limit_seconds: float
    """A job that runs longer is ended."""
    lease_seconds: float
    """How soon another worker takes over from one that died."""

    rules: Sequence[RuleSettings | Mapping[str, Any]]
    """Rules of your own."""
    repeat_interval: str
    """How often a firing alert is repeated."""
    dashboard_url: str | None
    """Where the links in messages lead to."""
    webhooks: Sequence[str | WebhookSettings | Mapping[str, Any]]
    """The receivers of alerts: URLs, or tables."""
