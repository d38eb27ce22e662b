"""Apps loaded by a server are wrapped, unless they are already or serve no model."""

from __future__ import annotations

import pytest

import modeltap
from modeltap.injected.servers import InjectedASGI, InjectedWSGI, tapped


class Route:
    def __init__(self, path):
        self.path = path


class App:
    def __init__(self, *paths, app=None):
        if paths:
            self.routes = [Route(path) for path in paths]
        self.app = app


@pytest.fixture(autouse=True)
def own_store(store, monkeypatch):
    monkeypatch.setenv("MODELTAP_STORE", str(store))
    monkeypatch.setenv("MODELTAP_ANALYZE", "false")


@pytest.mark.parametrize(("kind", "made"), [("asgi", InjectedASGI), ("wsgi", InjectedWSGI)])
def test_an_app_is_wrapped_once(kind, made):
    wrapped = tapped(App("/predict", "/health"), kind)
    assert isinstance(wrapped, made) and wrapped.yields_to_inner
    assert tapped(wrapped, kind) is wrapped


def test_health_and_metrics_servers_are_not_wrapped():
    auxiliary = App("/health", "/metrics", "/docs/x")
    assert tapped(auxiliary, "asgi") is auxiliary
    outer = App(app=App(app=auxiliary))
    assert tapped(outer, "asgi") is outer
    for app in (App(), App("/health", None), App(app=App("/predict"))):
        assert isinstance(tapped(app, "asgi"), InjectedASGI)


def test_an_app_that_wraps_itself_does_not_loop():
    app = App()
    app.app = app
    assert isinstance(tapped(app, "wsgi"), modeltap.WSGIMiddleware)
