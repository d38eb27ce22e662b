"""Probes and scrapes are recognized by method and path."""

from __future__ import annotations

from itertools import product

import pytest

from modeltap.tap.choosing.probes import is_probe

NAMES = ["health", "healthz", "health-check", "livez", "readyz", "metrics", "__heartbeat__", "ping"]
BEFORE = ["", "/api", "/api/v1", "/mounted/app", "/-"]
BELOW = ["/health", "/healthz", "/actuator", "/metrics", "/-", "/api/health", "/readyz"]


@pytest.mark.parametrize(("before", "name", "end"), [*product(BEFORE, NAMES, ["", "/", "//"])])
def test_a_probe_is_recognized_after_any_prefix_and_with_a_slash(before, name, end):
    path = f"{before}/{name}{end}"
    assert is_probe("GET", path)
    assert not is_probe("POST", path)


@pytest.mark.parametrize(("above", "check"), [*product(BELOW, ["live", "db", "a/b", "ready/"])])
def test_checks_below_a_probe_are_probes(above, check):
    assert is_probe("GET", f"{above}/{check}")


@pytest.mark.parametrize(
    "path",
    [
        "/v2",
        "/v2/models/iris",
        "/v2/models/iris/versions/1/ready",
        "/v1/models",
        "/v1/models/iris",
        "/status",
        "/api/up",
    ],
)
def test_requests_for_model_states_are_probes(path):
    assert is_probe("GET", path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/predict",
        "/predict/health-risk",
        "/healthy-meals",
        "/models/health/predict",
        "/v1/models/iris:predict",
        "/v2/models/iris/infer",
        "/orders/7/status",
        "/pingpong",
        "/metrics-forecast",
    ],
)
def test_a_prediction_by_get_is_not_a_probe(path):
    assert not is_probe("GET", path)
