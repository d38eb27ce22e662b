"""Bodies in the store stay unchanged, and queries can skip those that are not JSON."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

import modeltap


async def _answer(request: Request) -> Response:
    await request.body()
    return Response("{}")


def test_a_body_with_nan_is_stored_unchanged(store):
    """JSON has no NaN: a query can test which bodies it can read."""
    app = Starlette(routes=[Route("/", _answer, methods=["POST"])])
    bodies = ['{"x": NaN, "y": -Infinity}', '{"x": 7}']
    with TestClient(modeltap.watch(app, model="m", store=store, analyze=False)) as client:
        for body in bodies:
            client.post("/", content=body)
    with closing(sqlite3.connect(store)) as connection:
        kept = connection.execute("select request_body from exchanges order by seq").fetchall()
        read = connection.execute(
            "select json_extract(request_body, '$.x') from exchanges where json_valid(request_body)"
        ).fetchall()
    assert kept == [(body,) for body in bodies]
    assert read == [(7,)]
