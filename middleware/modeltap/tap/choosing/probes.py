"""Recognition of probes and scrapes, which check a server and do not use a model."""

from __future__ import annotations

import re

NO_PREDICTION = frozenset({"OPTIONS", "HEAD", "TRACE", "CONNECT"})
"""Methods without predictions in their responses: CORS preflights, uptime monitors, proxies."""

_SINCE_ROOT = r"/(?:(?:api|internal|v\d+)/)*"
"""Prefixes that apps put before all their paths."""

_NAME = r"[-_]*(?:{})[-_]*"
"""Names may be surrounded by dashes or underscores, such as `__heartbeat__`."""

_ANYWHERE = _NAME.format(
    "health|healthz|health[-_]?checks?|livez|liveness|liveliness|readyz|ready|readiness|startupz"
    "|(?:lb)?heartbeat|ping|metrics|prometheus"
)
"""Names at the end of any path."""

_AT_ROOT = _NAME.format("live|alive|up|status|statusz|startup")
"""Ambiguous names, which identify a probe only directly after a prefix."""

_BELOW = _NAME.format("health|healthz|health[-_]?checks?|livez|readyz|metrics|actuator|-")
"""Names with checks below them (`/health/db`, `/actuator/prometheus`, `/-/healthy`)."""

_MODELS = r"/v[12]/models(?:/[^/:]+(?:/versions/[^/:]+)?(?:/(?:metadata|config|stats))?)?|/v2"
"""Paths of models and their state in the protocols V1, V2 and OpenAI, without predictions."""

_PROBE = re.compile(
    rf"(?:/.*)?/{_ANYWHERE}|{_SINCE_ROOT}(?:{_AT_ROOT}|{_BELOW}(?:/.*)?)|(?:/.*)?(?:{_MODELS})",
    re.IGNORECASE,
)


def is_probe(method: str, path: str) -> bool:
    """Return True if a request is a probe or a scrape.

    Only GET requests are probes: a model may predict a patient's health with POST.

    >>> paths = ("/health/live", "/metrics/", "/-/healthz", "/api/v1/ready", "/v2/health/live")
    >>> all(is_probe("GET", path) for path in paths)
    True
    >>> is_probe("POST", "/health/risk"), is_probe("GET", "/predict"), is_probe("GET", "/")
    (False, False, False)
    """
    return method == "GET" and _PROBE.fullmatch(path.rstrip("/")) is not None
