"""Probes and scrapes: requests that ask whether a server is well, and no model."""

from __future__ import annotations

import re

NO_PREDICTION = frozenset({"OPTIONS", "HEAD", "TRACE", "CONNECT"})
"""Methods whose response has no prediction: CORS preflights, uptime monitors, proxies."""

_SINCE_ROOT = r"/(?:(?:api|internal|v\d+)/)*"
"""What apps put before all of their paths."""

_NAME = r"[-_]*(?:{})[-_]*"
"""Some write a name with dashes or underscores around it, such as `__heartbeat__`."""

_ANYWHERE = _NAME.format(
    "health|healthz|health[-_]?checks?|livez|liveness|liveliness|readyz|ready|readiness|startupz"
    "|(?:lb)?heartbeat|ping|metrics|prometheus"
)
"""Last in a path, after whatever router or app it is mounted in."""

_AT_ROOT = _NAME.format("live|alive|up|status|statusz|startup")
"""Ambiguous names, which are a probe's where nothing but a prefix stands before them."""

_BELOW = _NAME.format("health|healthz|health[-_]?checks?|livez|readyz|metrics|actuator|-")
"""Names with checks below them (`/health/db`, `/actuator/prometheus`, `/-/healthy`)."""

_MODELS = r"/v[12]/models(?:/[^/:]+(?:/versions/[^/:]+)?(?:/(?:metadata|config|stats))?)?|/v2"
"""The models and their state in the protocols V1, V2 and OpenAI's: never a prediction."""

_PROBE = re.compile(
    rf"(?:/.*)?/{_ANYWHERE}|{_SINCE_ROOT}(?:{_AT_ROOT}|{_BELOW}(?:/.*)?)|(?:/.*)?(?:{_MODELS})",
    re.IGNORECASE,
)


def is_probe(method: str, path: str) -> bool:
    """Return True if a request is a probe or a scrape.

    Only a GET is: a model may well predict somebody's health.

    >>> paths = ("/health/live", "/metrics/", "/-/healthz", "/api/v1/ready", "/v2/health/live")
    >>> all(is_probe("GET", path) for path in paths)
    True
    >>> is_probe("POST", "/health/risk"), is_probe("GET", "/predict"), is_probe("GET", "/")
    (False, False, False)
    """
    return method == "GET" and _PROBE.fullmatch(path.rstrip("/")) is not None
