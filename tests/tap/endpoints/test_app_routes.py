"""The app's own route wins over an endpoint of the tap, and the log says so."""

from __future__ import annotations

import httpx
import pytest

import modeltap
from modeltap.tap.endpoints.app_routes import AppRoutes


class Endpoint:
    option = "dashboard"
    path = "/modeltap"

    def __init__(self, has_pages_below=True):
        self.has_pages_below = has_pages_below


def flask_with(route):
    from flask import Flask

    app = Flask("app")
    app.add_url_rule(route, view_func=lambda **_: "own")
    return app.wsgi_app


def starlette_with(route):
    from starlette.applications import Starlette
    from starlette.routing import Route

    return Starlette(routes=[Route(route, lambda _: None)])


@pytest.mark.parametrize("make", [flask_with, starlette_with])
@pytest.mark.parametrize(
    ("route", "is_taken"),
    [
        ("/modeltap", True),
        ("/modeltap/", True),
        ("/modeltap/page", True),
        ("/modeltap2", False),
        ("/models", False),
    ],
)
def test_routes_at_the_path_and_below_it(make, route, is_taken, caplog):
    routes = AppRoutes(make(route))
    assert routes.has(Endpoint()) is is_taken
    assert (repr(route) in caplog.text and "dashboard" in caplog.text) is is_taken
    caplog.clear()
    assert routes.has(Endpoint()) is is_taken and not caplog.text  # logged once


def test_a_route_for_any_path_is_no_collision():
    assert not AppRoutes(starlette_with("/{path:path}")).has(Endpoint())


def test_only_pages_collide_below_their_path():
    assert not AppRoutes(starlette_with("/modeltap/page")).has(Endpoint(has_pages_below=False))


class Strange:
    """An app that raises for any attribute."""

    def __getattr__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize(
    "app", [None, object(), Strange(), lambda: None], ids=["none", "object", "strange", "function"]
)
def test_an_app_without_readable_routes_has_none(app):
    assert not AppRoutes(app).has(Endpoint())


@pytest.mark.anyio
async def test_the_apps_metrics_stay(store, caplog):
    """An option or an environment variable must not replace what Prometheus reads already."""
    from fastapi import FastAPI

    app = FastAPI()
    app.add_api_route("/metrics", lambda: "of the app")
    modeltap.watch(app, model="m", store=store, analyze=False, metrics="/metrics")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/metrics")).json() == "of the app"
    assert "the app has a route '/metrics' of its own" in caplog.text
