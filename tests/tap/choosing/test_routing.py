"""Routing: the model of a path, and paths that are not tapped."""

from __future__ import annotations

import pytest

import modeltap
from asgi_client import Client, echo, scope_of
from modeltap.config.settings import Settings
from modeltap.errors import ConfigError
from modeltap.tap.choosing.routing import Router

pytestmark = pytest.mark.anyio


async def test_health_and_docs_are_left_out_and_paths_can_be_chosen(tap):
    """The default excludes paths without predictions; both lists accept patterns."""
    assert await tap(echo, Client(b"1"), scope_of("/health")) is None
    assert await tap(echo, Client(b"1"), scope_of("/other"), include_paths=["/v*/predict"]) is None
    row = await tap(echo, Client(b"1"), scope_of("/v1/predict"), include_paths=["/v*/predict"])
    assert row["path"] == "/v1/predict"


@pytest.mark.parametrize(
    ("path", "taken"),
    [("/api/health", None), ("/health", None), ("/api/predict", "/predict"), ("/apiary", None)],
)
async def test_paths_exclude_the_servers_root_path(tap, path, taken):
    """Whether or not the server includes its root_path in them."""
    scope = scope_of(path, root_path="/api")
    row = await tap(echo, Client(b"1"), scope, exclude_paths=["/health", "/apiary"])
    assert (row and row["path"]) == taken


@pytest.mark.parametrize(
    "model",
    [5, 2.5, True, b"m", "", " \n", ["m"], {"/p": 5}, {"/p": " "}, {5: "m"}, {"": "m"}],
)
def test_a_model_that_is_not_a_name_is_refused_at_startup(model, store):
    """Otherwise nothing would be recorded, or each exchange would be lost later."""
    for wrap in (modeltap.ASGIMiddleware, modeltap.WSGIMiddleware, modeltap.watch):
        with pytest.raises(modeltap.ConfigError, match=r"option model = .*must be a name") as error:
            wrap(echo, model=model, store=store)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [5, 2.5, ("m",), b"m"])
def test_a_function_may_return_anything_with_a_text(name):
    """The store has only texts as names of models."""
    assert Router(Settings(), lambda path: name).model_for("POST", "/predict") == str(name)


async def test_models_are_chosen_by_path_or_function(tap):
    """One app may serve several models; None skips a path."""
    models = {"/a/*": "alpha", "/b/*": "beta"}

    async def run(path, model):
        client = Client(b"1")
        tapped = modeltap.ASGIMiddleware(echo, model=model, analyze=False, store="m.db")
        await tapped(scope_of(path), client.receive, client.send)

    await run("/a/1", models)
    await run("/c/1", models)
    await run("/z", lambda path: "named" if path == "/z" else None)
    modeltap.flush(10)
    import sqlite3

    rows = sqlite3.connect("m.db").execute("select model from exchanges order by seq").fetchall()
    assert rows == [("alpha",), ("named",)]


async def test_paths_name_a_bounded_number_of_models(store):
    """Clients choose the paths: long names, and names beyond the limit, become "default"."""
    tapped = modeltap.ASGIMiddleware(echo, store=store, analyze=False)

    def model_of(name):
        exchange = tapped.tap.begin("POST", f"/v2/models/{name}/infer", b"", ())
        return exchange.model

    assert (model_of("x" * 201), model_of("x" * 200)) == ("default", "x" * 200)
    assert {model_of(f"m{n}") for n in range(99)} == {f"m{n}" for n in range(99)}
    assert (model_of("m99"), model_of("m98")) == ("default", "m98")


@pytest.mark.parametrize("options", [{}, {"exclude_paths": ["/admin/*"]}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health/live"),
        ("GET", "/metrics/"),
        ("GET", "/-/healthz"),
        ("OPTIONS", "/predict"),
        ("HEAD", "/"),
    ],
)
async def test_probes_and_scrapes_are_always_left_out(tap, method, path, options):
    assert await tap(echo, Client(b"1"), scope_of(path, method), **options) is None


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/health/live", {"include_paths": ["/health/*"]}),
        ("OPTIONS", "/predict", {"methods": ["options"]}),
        ("POST", "/health/risk", {}),
        ("POST", "/predict/", {"include_paths": ["/predict"]}),
    ],
)
async def test_a_configured_path_or_method_is_tapped(tap, method, path, options):
    assert (await tap(echo, Client(b"1"), scope_of(path, method), **options))["method"] == method


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ({"predict": "flights"}, {}, "model has 'predict'.*write '/predict'"),
        ({"http://a.org:8000/predict": "flights"}, {}, "write '/predict'"),
        ("flights", {"exclude_paths": "admin/*"}, "exclude_paths has.*write '/admin/\\*'"),
        ("flights", {"include_paths": ["/a", "b"]}, "include_paths has 'b'"),
    ],
)
def test_a_path_that_matches_no_request_is_refused(model, options, words):
    """When the app is watched, with the fix: otherwise nothing would be recorded."""
    for wrap in (modeltap.ASGIMiddleware, modeltap.WSGIMiddleware):
        with pytest.raises(ConfigError, match=words):
            wrap(echo, model=model, analyze=False, store="m.db", **options)


def test_a_function_that_returns_no_name_skips_the_path():
    """Like None."""
    assert Router(Settings(), lambda path: "").model_for("POST", "/predict") is None
