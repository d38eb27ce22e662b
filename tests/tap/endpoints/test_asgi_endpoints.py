"""The endpoints of the tap in an ASGI app, by the example of labels, on asyncio and trio."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import httpx
import pytest

import modeltap
from modeltap.config.settings import Settings
from modeltap.tap.endpoints.asgi_endpoints import ASGIEndpoints
from modeltap.tap.labelling.labels_endpoint import LabelsEndpoint

pytestmark = pytest.mark.anyio
HEADERS = {"authorization": "Bearer t0ken"}


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"of the app"})


def watched(store, **options):
    given = {"labels_endpoint": "/labels", "labels_token": "t0ken", "analyze": False, **options}
    return modeltap.ASGIMiddleware(app, model="m", store=store, **given)


async def post(tapped, path="/labels", method="POST", headers=HEADERS, **content):
    transport = httpx.ASGITransport(tapped)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return await client.request(method, path, headers=headers, **content)


async def test_labels_are_stored_and_the_post_is_not_recorded(store):
    tapped = watched(store)
    reply = await post(tapped, json={"id": "a", "value": 1.5})
    assert (reply.status_code, reply.json()["accepted"]) == (202, 1)
    assert modeltap.flush(20)
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("select exchange_id, value from labels").fetchall() == [
            ("a", 1.5)
        ]
        assert connection.execute("select count(*) from exchanges").fetchone() == (0,)


@pytest.mark.parametrize("path", ["/labels/", "/labels/a", "/label", "/v1/labels", "/LABELS"])
async def test_other_paths_are_the_apps(store, path):
    assert (await post(watched(store), path, json={})).text == "of the app"


async def test_without_the_option_the_path_is_the_apps(store):
    tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False)
    assert (await post(tapped, json={"id": "a", "value": 1})).text == "of the app"


async def test_a_disabled_tap_serves_no_endpoint(store):
    assert (await post(watched(store, disabled=True), json={})).text == "of the app"


@pytest.mark.parametrize(
    ("root", "path", "serves"),
    [
        ("", "/labels", True),
        ("/v1", "/v1/labels", True),
        ("/v1", "/labels", True),
        ("/v1", "/v12/labels", False),
        ("/labels", "/labels", True),
    ],
)
async def test_the_path_is_that_below_the_mount(store, root, path, serves):
    settings = Settings(labels_endpoint="/labels", labels_token="t", store=str(store))
    labels = LabelsEndpoint(settings, None, lambda: None, lambda: None)
    found = ASGIEndpoints([labels], app).find({"root_path": root, "path": path})
    assert (found is labels) is serves


async def test_a_client_that_disconnects_gets_no_response(store):
    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    headers = [(b"authorization", b"Bearer t0ken")]
    scope = {"type": "http", "method": "POST", "path": "/labels", "headers": headers}
    await watched(store)(scope, receive, send)


async def test_an_outer_tap_does_not_record_the_endpoint_of_an_inner_one(store):
    """Its body has labels, and a page has recorded bodies."""
    tapped = modeltap.ASGIMiddleware(watched(store), model="gateway", store=store, analyze=False)
    assert (await post(tapped, json={"id": "a", "value": 1.5})).status_code == 202
    assert (await post(tapped, "/predict", json={})).text == "of the app"
    assert modeltap.flush(120)
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("select path from exchanges").fetchall() == [("/predict",)]
