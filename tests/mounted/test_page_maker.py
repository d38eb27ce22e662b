"""The pages of a watched app, as its process makes them."""

from __future__ import annotations

import sys

import pytest

from modeltap.mounted.page_maker import PageMaker, plain_reply
from modeltap.store.connection import connect
from modeltap.tap.endpoints.page_access import DashboardAccess
from modeltap.tap.endpoints.page_channel import PageRequest

pytestmark = pytest.mark.anyio

PAGE = PageRequest(
    "dashboard", "GET", "/v1/modeltap", "/", "", [("host", "localhost")], "", "http", b""
)
METRICS = PageRequest("metrics", "GET", "/metrics", "", "", [], "", "http", b"")


@pytest.fixture
def maker(store):
    connect(store).close()
    return PageMaker(store, DashboardAccess(is_client_checked=True))


async def test_links_are_below_the_mount(maker):
    reply = await maker.reply(PAGE)
    text = reply.body.decode()
    assert reply.status == 200 and 'href="/v1/modeltap/alerts"' in text
    assert 'href="/alerts' not in text and 'href="/static' not in text
    asked = PageRequest(**{**_fields(PAGE), "path": "/static/dashboard.css"})
    file = await maker.reply(asked)
    assert file.status == 200 and str(len(file.body)) == dict(file.headers)["content-length"] != "0"


def _fields(request):
    return {name: getattr(request, name) for name in request.__struct_fields__}


async def test_the_checks_of_the_dashboard_remain(store):
    """Host, token and Origin."""
    connect(store).close()
    maker = PageMaker(store, DashboardAccess("t0ken", is_client_checked=True))

    async def status(method="GET", body=b"", **headers):
        given = [("host", "localhost"), ("content-length", str(len(body))), *headers.items()]
        asked = {**_fields(PAGE), "method": method, "body": body, "headers": given}
        return (await maker.reply(PageRequest(**{**asked, "path": "/alerts/x"}))).status

    assert await status() == 401
    bearer = {"authorization": "Bearer t0ken"}
    assert await status("POST", **bearer) == 403
    assert await status("POST", **bearer, origin="http://evil.example") == 403
    # The form's own token is missing.
    assert await status("POST", b"action=note", **bearer, origin="http://localhost") == 403


async def test_the_metrics(maker):
    reply = await maker.reply(METRICS)
    assert reply.status == 200 and b"# TYPE modeltap_requests_total counter" in reply.body
    assert dict(reply.headers)["content-type"].startswith("text/plain; version=0.0.4")


def missing(store):
    store.unlink()


def damaged(store):
    store.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def newer(store):
    with connect(store) as connection:
        connection.execute("pragma user_version = 100000")


@pytest.mark.parametrize("spoil", [missing, damaged, newer])
@pytest.mark.parametrize("request_", [PAGE, METRICS], ids=["dashboard", "metrics"])
async def test_a_store_that_cannot_be_read(maker, store, spoil, request_):
    spoil(store)
    reply = await maker.reply(request_)
    assert reply.status == 503 and str(store.name) in reply.body.decode()


async def test_without_the_extra_there_is_a_page_that_says_so(maker, monkeypatch):
    """And `/metrics` needs none."""
    for name in [name for name in sys.modules if name.startswith("modeltap.dashboard.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    reply = await maker.reply(PAGE)
    assert reply.status == 503 and b'pip install "modeltap[dashboard]"' in reply.body
    assert reply.error
    assert (await maker.reply(METRICS)).status == 200


async def test_a_page_that_is_too_large(maker, monkeypatch):
    monkeypatch.setattr("modeltap.mounted.page_maker.MAX_REPLY_BYTES", 66_000)
    reply = await maker.reply(PageRequest(**{**_fields(PAGE), "path": "/static/dashboard.css"}))
    assert reply.status in (200, 500)
    monkeypatch.setattr("modeltap.mounted.page_maker.MAX_REPLY_BYTES", 64 * 1024)
    reply = await maker.reply(PAGE)
    assert reply.status == 500 and b"too large" in reply.body


async def test_a_plain_reply_is_logged_if_asked():
    assert plain_reply(500, "why").error == "why"
    assert plain_reply(503, "why", is_logged=False).error == ""
