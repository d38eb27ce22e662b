"""`version` as a function of the app: the version of the model that has just answered."""

from __future__ import annotations

import pytest

from asgi_client import Client


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("value", "version"), [("1.4", "1.4"), (2, "2"), (None, ""), ("v" * 900, "v" * 200)], ids=str
)
async def test_its_result_is_the_version(tap, value, version):
    assert (await tap(app, Client(), version=lambda: value))["version"] == version


@pytest.mark.anyio
async def test_an_error_costs_only_the_version(tap, caplog):
    row = await tap(app, Client(), version=lambda: 1 / 0)
    assert row["version"] == "" and row["status"] == 200
    assert "ZeroDivisionError" in caplog.text
