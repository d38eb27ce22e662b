"""Paths given to `watch` stay valid when the app changes its working directory."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from flask import Flask

import modeltap
from asgi_client import echo
from modeltap.config.sources import load
from modeltap.tap.app_options.local_paths import resolved_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(params=["keyword", "environment", "file", "default"])
def options(request, monkeypatch):
    """Set the store `own/taps.db`, a relative path, in each of the sources."""
    Path("own").mkdir()
    if request.param == "environment":
        monkeypatch.setenv("MODELTAP_STORE", "own/taps.db")
    elif request.param == "file":
        Path("modeltap.toml").write_text('store = "own/taps.db"\nmask_body_fields = ["color"]\n')
    elif request.param == "default":
        monkeypatch.chdir("own")
    return {"store": "own/taps.db"} if request.param == "keyword" else {}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Change the working directory, as a daemon or a notebook does."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return lambda: monkeypatch.chdir(folder)


def fastapi():
    app = FastAPI()
    app.post("/predict")(predict)
    return app


async def predict(request: Request):
    return await request.json()


async def ask(app):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        await client.post("/predict", content='{"color": "red"}')


def stored(tmp_path, read_rows):
    """Return the rows of the only store."""
    assert modeltap.flush(20)
    (store,) = tmp_path.rglob("*.db")
    return read_rows(store)


@pytest.mark.parametrize("kind", ["fastapi", "bare"])
async def test_the_store_is_relative_to_the_folder_where_watch_was_called(
    tmp_path, read_rows, options, elsewhere, kind
):
    """From each source, and if the framework builds the middleware at the first request."""
    app = fastapi() if kind == "fastapi" else echo
    folder = Path.cwd()
    app = modeltap.watch(app, model="m", analyze=False, **options)
    elsewhere()
    await ask(app)
    (row,) = stored(tmp_path, read_rows)
    assert row["path"] == "/predict"
    assert not list(Path.cwd().iterdir())
    if (folder / "modeltap.toml").exists():  # its other settings hold, too
        assert "red" not in row["request_body"]


def test_paths_of_flask_and_functions_stay_valid(tmp_path, read_rows, elsewhere):
    """A WSGI app, a watched function, and a decorated function."""
    app = Flask("a")
    app.add_url_rule("/predict", view_func=lambda: "1")
    modeltap.watch(app, model="m", store="taps.db", analyze=False)
    watched = modeltap.watch(lambda x: x, model="m", store="taps.db", analyze=False)
    decorated = modeltap.capture(model="m", store="taps.db", analyze=False)(lambda x: x)
    elsewhere()
    assert app.test_client().get("/predict").data == b"1"
    watched(1)
    decorated(2)
    assert len(stored(tmp_path, read_rows)) == 3
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("place", ["option", "model"])
async def test_a_reference_is_found_from_any_folder(tmp_path, read_rows, elsewhere, place):
    """By a middleware that is built later, and by the analysis, which reads the store."""
    Path("january.csv").write_text("x,prediction\n1,2\n")
    settings = {"reference": "january.csv"}
    settings = settings if place == "option" else {"models": {"m": settings}}
    app = modeltap.watch(fastapi(), model="m", store="taps.db", analyze=False, **settings)
    elsewhere()
    await ask(app)
    assert len(stored(tmp_path, read_rows)) == 1
    sql = "select value from settings where key = 'reference' and model = ?"
    values = read_rows(tmp_path / "taps.db", sql.replace("?", repr("m")))
    assert [json.loads(row["value"]) for row in values] == [str(tmp_path / "january.csv")]


def test_the_reference_of_a_model_is_resolved_like_all_paths():
    """An option of the middleware or of a file, which `watch` does not see."""
    models = {"a": {"reference": "january.csv"}, "b": {"window": "1h"}}
    settings = resolved_settings(load({"models": models, "reference": "first 7d"}, environ={}))
    assert settings.models["a"].reference == str(Path.cwd() / "january.csv")
    assert (settings.models["b"].reference, settings.reference) == (None, "first 7d")
