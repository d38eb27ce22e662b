"""A request that passes several taps is one record, and a chain of services can be traced."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import command
import modeltap
from echoing_apps import bare, fastapi, flask, starlette

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def watch(store):
    """Watch an app with the store of this test."""

    def watched(app, model="m", **options):
        return modeltap.watch(app, model=model, store=store, analyze=False, **options)

    return watched


@pytest.fixture
def ask(store, read_rows):
    """POST to an app; return the response and the recorded exchanges."""

    async def call(app, path="/predict", **settings):
        if isinstance(app, Flask) or "Dispatcher" in type(app).__name__:
            with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://a") as client:
                answer = client.post(path, content=b"[1]", **settings)
        else:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
                answer = await client.post(path, content=b"[1]", **settings)
        assert modeltap.flush(20)
        return answer, read_rows(store) if store.exists() else []

    return call


APPS = [starlette, fastapi, bare, flask]


def only_record(answer, rows, model, path="/predict"):
    """Check that there is one record, with the id that the client has."""
    (row,) = rows
    assert answer.status_code == 200 and answer.content == b"[1]"
    assert answer.headers.get_list("x-modeltap-id") == [row["id"]]
    assert (row["model"], row["path"], row["request_id"]) == (model, path, None)
    assert (row["request_body"], row["response_body"]) == ("[1]", "[1]")


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("make", APPS)
async def test_an_app_watched_twice_is_one_record(watch, ask, make, times):
    """For example by a factory that is called again, or by a library and the app itself."""
    app = make()
    for _ in range(times):
        app = watch(app)
    only_record(*await ask(app), "m")


@pytest.mark.parametrize("make", [starlette, fastapi, bare])
async def test_a_watched_app_mounted_in_a_watched_one_is_one_record(watch, ask, make):
    """The record is that of the mounted app, with its model."""
    app = watch(Starlette(routes=[Mount("/sub", watch(make(), "inner"))]), "outer")
    only_record(*await ask(app, "/sub/predict"), "inner", "/sub/predict")


@pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")
async def test_a_watched_flask_app_mounted_in_fastapi_is_one_record(watch, ask):
    """At the boundary of ASGI and WSGI."""
    from starlette.middleware.wsgi import WSGIMiddleware

    app = watch(FastAPI(), "outer")
    app.mount("/sub", WSGIMiddleware(watch(flask(), "inner")))
    answer, rows = await ask(app, "/sub/predict")
    assert [row["model"] for row in rows] == ["inner"]
    assert answer.headers["x-modeltap-id"] == rows[0]["id"]


async def test_apps_in_a_flask_dispatcher_are_recorded_once(watch, ask, store):
    """Each path is recorded by the innermost tap."""
    dispatcher = DispatcherMiddleware(flask(), {"/sub": watch(flask(), "inner")})
    app = watch(flask(), "outer")
    app.wsgi_app = modeltap.WSGIMiddleware(dispatcher, model="outer", store=store, analyze=False)
    answer, rows = await ask(app, "/sub/predict")
    assert [row["model"] for row in rows] == ["inner"]
    assert answer.headers.get_list("x-modeltap-id") == [rows[0]["id"]]
    _, rows = await ask(app, "/predict")
    assert [row["model"] for row in rows] == ["inner", "outer"]


@pytest.mark.parametrize(
    ("inner", "models"),
    [
        ({"exclude_paths": ["*predict"]}, ["outer"]),
        ({"include_paths": ["/other"]}, ["outer"]),
        ({"methods": ["PUT"]}, ["outer"]),
        ({"disabled": True}, ["outer"]),
        ({"sample_rate": 0.0}, []),
        ({}, ["inner"]),
    ],
)
async def test_the_outer_tap_records_paths_that_the_inner_one_excludes(watch, ask, inner, models):
    """Except requests outside the inner tap's sample."""
    app = watch(Starlette(routes=[Mount("/sub", watch(starlette(), "inner", **inner))]), "outer")
    answer, rows = await ask(app, "/sub/predict")
    assert answer.content == b"[1]"
    assert [row["model"] for row in rows] == models
    assert answer.headers.get_list("x-modeltap-id") == [row["id"] for row in rows]


async def test_a_function_watched_twice_is_one_record(store, read_rows, watch):
    """By the decorator and by `watch`."""

    @modeltap.capture(model="m", store=store, analyze=False)
    def predict(x):
        return x + 1

    assert watch(watch(predict))(1) == 2
    assert modeltap.flush(20)
    assert len(read_rows(store)) == 1


def gateway_to(inner, path="/predict"):
    """Return an app that forwards requests to `inner` and returns its responses."""

    async def forward(request):
        kept = [(name, text) for name, text in request.headers.raw if name != b"host"]
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(inner), base_url="http://inner"
        ) as client:
            answer = await client.post(path, content=await request.body(), headers=kept)
        response = Response(answer.content, answer.status_code)
        response.raw_headers = answer.headers.raw
        return response

    return Starlette(routes=[Route("/predict", forward, methods=["POST"])])


@pytest.mark.parametrize("headers", [{}, {"x-request-id": "theirs"}])
async def test_behind_a_tapped_gateway_the_outermost_id_counts(watch, ask, headers):
    """The client has one id, by which the exchange of each service is found."""
    chain = watch(gateway_to(watch(gateway_to(watch(starlette(), "inner")), "middle")), "outer")
    answer, rows = await ask(chain, headers=headers)
    ids = {row["model"]: row["id"] for row in rows}
    outermost = ids["outer"]
    assert answer.headers.get_list("x-modeltap-id") == [outermost]
    assert len(set(ids.values())) == 3
    request_ids = {row["model"]: row["request_id"] for row in rows}
    assert request_ids == {
        "outer": headers.get("x-request-id"),
        "middle": outermost,
        "inner": outermost,
    }


async def test_labels_join_the_inner_exchange_by_the_outermost_id(
    watch, ask, store, tmp_path, read_rows
):
    """If the gateway has its own store."""
    inner = watch(starlette(), "inner")
    gateway = modeltap.watch(
        gateway_to(inner), model="outer", store=tmp_path / "gateway.db", analyze=False
    )
    answer, (row,) = await ask(gateway)
    id_ = answer.headers["x-modeltap-id"]
    assert row["id"] != id_
    command.modeltap("label", "set", id_, "1", "--store", store)
    (label,) = read_rows(store, "select exchange_id from labels")
    assert label["exchange_id"] == row["id"]


@pytest.mark.parametrize("id_header", ["X-Their-Id", None])
async def test_the_id_header_can_be_renamed_or_disabled(watch, ask, id_header):
    """In any case of its name; without a header no id is forwarded."""
    inner = watch(starlette(), "inner", id_header=id_header)
    answer, rows = await ask(watch(gateway_to(inner), "outer", id_header=id_header))
    ids = {row["model"]: row["id"] for row in rows}
    ids_by_model = {row["model"]: row["request_id"] for row in rows}
    if id_header:
        assert answer.headers.get_list(id_header) == [ids["outer"]]
        assert ids_by_model == {"outer": None, "inner": ids["outer"]}
    else:
        assert ids_by_model == {"outer": None, "inner": None}
        assert "x-modeltap-id" not in answer.headers
