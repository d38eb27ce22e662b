"""Roles of a response's fields by their names: predictions, scores, details of the call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

ResponseRole = Literal["prediction", "score", "probabilities", "envelope", "about", "measured"]
"""`about`: a detail of the call, never a prediction. `measured`: a detail of the call, unless no
other field can be the prediction. `envelope`: a wrapper around the outputs."""

PREDICTIONS = (
    "prediction",
    "predictions",
    "predicted",
    "predicted_label",
    "output",
    "outputs",
    "result",
    "results",
    "label",
    "labels",
    "class",
    "value",
    "y_pred",
    "y",
    "predict",
    "output_label",
    "classes",
    "generated_text",
    "answer",
    "class_name",
    "class_label",
    "class_id",
    "label_id",
    "display_names",
    "display_name",
    "scored_labels",
    "scored_label",
    "decision",
    "forecast",
    "estimate",
    "entity_group",
    "entity",
)
"""Common names of the prediction, the most likely first."""

_SCORES = frozenset(("score", "scores", "confidence", "proba", "prob", "probability", "likelihood"))
_PROBABILITIES = frozenset(("probabilities", "probs", "confidences", "predict_proba"))
_WHOLE_PROBABILITIES = frozenset(("output_probability", "scored_probabilities"))
_PREDICTED = frozenset(("prediction", "predictions", "predicted", "pred", "preds", "predict"))
"""A name with one of these words is a prediction's: `predicted_price`."""

_ENVELOPES = frozenset(
    ("data", "response", "payload", "body", "content", "inference", "item", "items", "ndarray")
)
_ABOUT = frozenset(
    (
        *("status", "state", "message", "messages", "msg", "code", "status_code", "http_status"),
        *("error", "errors", "error_code", "error_message", "detail", "details", "success", "ok"),
        *("warning", "warnings", "timestamp", "created", "created_at", "updated_at", "usage"),
        *("model", "models", "model_name", "version", "model_version", "api_version", "metadata"),
        *("meta", "headers", "server", "host", "hostname", "environment", "deployed_model"),
        *("threshold", "decision_threshold", "cutoff", "explanation", "explanations"),
        *("input", "inputs", "instance", "instances", "query"),
        *("is_base64_encoded", "path", "filename", "object", "request", "exception", "traceback"),
        *("jsonrpc", "finish_reason", "stop_reason", "usage_metadata", "model_info", "model_type"),
        *(
            "feature_names",
            "class_names",
            "label_names",
            "shap_values",
            "links",
            "device",
            "cached",
        ),
    )
)
_ABOUT_ENDS = frozenset(("id", "ids", "uuid", "guid", "timestamp", "version", "url"))
_MEASURED = frozenset(
    (
        "duration",
        "latency",
        "took",
        "elapsed",
        "runtime",
        "time",
        "date",
        "unit",
        "units",
        "currency",
        "index",
        "idx",
        "row",
        "position",
    )
)
_MEASURED_ENDS = frozenset(("ms", "time", "latency", "seconds", "at", "unit", "units"))
_BOUND_ENDS = frozenset(("lower", "upper", "bound", "std", "stderr", "stdev"))
"""Endings of the bounds and deviations of a prediction: `yhat_lower`."""

_COUNTS = frozenset(("num", "n", "number", "count", "total"))
_COUNTED = frozenset(("predictions", "results", "outputs", "rows", "records", "instances"))
"""A count of these is a detail of the call: `num_predictions`, `total_rows`."""

_OF_PREDICTIONS = frozenset(
    ("type", "kind", "status", "source", "count", "interval", "intervals", "variance", "error")
)
"""Endings of details of a prediction, after the word: `prediction_type`."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_MAX_CACHED = 4096
"""The most entries in each cache: names may be ids, so there is no natural limit."""


_MAX_CACHED_FIELDS = 20
"""Responses with more fields are not cached: their names may be ids that differ in each one."""


@lru_cache(maxsize=_MAX_CACHED)
def snake_case(name: str) -> str:
    """Return a name in lower case, with underscores between its words.

    >>> snake_case("displayNames"), snake_case("Scored Labels"), snake_case("y_pred")
    ('display_names', 'scored_labels', 'y_pred')
    """
    return "_".join(_WORD.findall(name)).lower()


@lru_cache(maxsize=_MAX_CACHED)
def role_of(name: str) -> ResponseRole | None:
    """Return the most likely role of a response's field; None if the name does not show it.

    >>> [role_of(name) for name in ("prediction", "predicted_price", "churnProbability")]
    ['prediction', 'prediction', 'score']
    >>> [role_of(name) for name in ("status", "request_id", "took_ms", "data", "price")]
    ['about', 'about', 'measured', 'envelope', None]
    """
    own = snake_case(name)
    words = own.split("_")
    if own in PREDICTIONS:
        return "prediction"
    if words[-1] in _PROBABILITIES or own in _PROBABILITIES | _WHOLE_PROBABILITIES:
        return "probabilities"
    if words[-1] in _SCORES:
        return "score"
    if own in _ABOUT or words[-1] in _ABOUT_ENDS:
        return "about"
    if own in _ENVELOPES:
        return "envelope"
    if own in _MEASURED or (len(words) > 1 and words[-1] in _MEASURED_ENDS | _BOUND_ENDS):
        return "measured"
    if _is_detail(words):
        return "measured"
    return "prediction" if _PREDICTED & set(words) else None


def _is_detail(words: Sequence[str]) -> bool:
    """Return True for the words of a count of rows, or of a detail of the prediction."""
    if not _COUNTS.isdisjoint(words) and not _COUNTED.isdisjoint(words):
        return True
    return words[0] == "prediction" and words[-1] in _OF_PREDICTIONS


def named(names: Iterable[str], *roles: ResponseRole) -> list[str]:
    """Return the names that have one of these roles, predictions in the order of `PREDICTIONS`.

    >>> named(["label", "predicted_risk", "prediction", "id"], "prediction")
    ['prediction', 'label', 'predicted_risk']
    """
    listed = tuple(names)
    return list(
        (_named if len(listed) <= _MAX_CACHED_FIELDS else _named.__wrapped__)(listed, roles)
    )


def candidates(names: Iterable[str]) -> list[str]:
    """Return the names that may be a prediction's.

    Details of the call are left out; measured ones only if other names remain.

    >>> candidates(["status", "price", "took_ms"]), candidates(["duration", "model_version"])
    (['price'], ['duration'])
    >>> candidates(["status", "message", "id"])
    []
    """
    listed = tuple(names)
    return list(
        (_candidates if len(listed) <= _MAX_CACHED_FIELDS else _candidates.__wrapped__)(listed)
    )


@lru_cache(maxsize=_MAX_CACHED)
def _named(names: tuple[str, ...], roles: tuple[ResponseRole, ...]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if role_of(name) in roles), key=_rank))


@lru_cache(maxsize=_MAX_CACHED)
def _candidates(names: tuple[str, ...]) -> tuple[str, ...]:
    known = tuple(name for name in names if role_of(name) != "about")
    return tuple(name for name in known if role_of(name) != "measured") or known


def _rank(name: str) -> int:
    own = snake_case(name)
    return PREDICTIONS.index(own) if own in PREDICTIONS else len(PREDICTIONS)
