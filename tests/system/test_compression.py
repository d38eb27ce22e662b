"""Responses that the app's own middleware compresses."""

from __future__ import annotations

import gzip
import json

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

import modeltap
from asgi_client import Client, scope_of
from modeltap.decoding import decoders

pytestmark = pytest.mark.anyio

ROW = {"distance": 1400.0}
ANSWER = {"prediction": 187.5}


async def whole(request):
    await request.body()
    return JSONResponse(ANSWER)


async def in_pieces(request):
    await request.body()
    said = json.dumps(ANSWER).encode()
    pieces = (said[at : at + 5] for at in range(0, len(said), 5))
    return StreamingResponse(pieces, media_type="application/json")


async def answered(app, store):
    """Return the compressed body that a client gets, whose exchange can be read as a row."""
    headers = [(b"accept-encoding", b"gzip"), (b"content-type", b"application/json")]
    client = Client(json.dumps(ROW).encode())
    await app(scope_of(headers=headers), client.receive, client.send)
    assert modeltap.flush(10)
    assert json.loads(gzip.decompress(client.body)) == ANSWER
    found = modeltap.read(store)
    assert found["distance"].tolist() == [1400.0] and found["prediction"].tolist() == [187.5]
    return client.body


@pytest.mark.parametrize("endpoint", [whole, in_pieces])
async def test_what_is_compressed_within_the_tap_is_kept_as_the_client_saw_it(
    store, read_rows, endpoint
):
    """With its encoding, by which it is read again: as text, and as a row with its prediction."""
    app = Starlette(routes=[Route("/predict", endpoint, methods=["POST"])])
    app.add_middleware(GZipMiddleware, minimum_size=1)
    modeltap.watch(app, model="m", store=store, analyze=False)  # further out: it is added later
    body = await answered(app, store)
    (row,) = read_rows(store)
    assert (row["response_encoding"], row["response_type"]) == ("gzip", "application/json")
    assert (row["response_body"], row["response_bytes"]) == (body, len(body))
    assert json.loads(decoders.plain(row["response_body"], row["response_encoding"])) == ANSWER


@pytest.mark.parametrize("id_header", ["x-modeltap-id", None])
@pytest.mark.parametrize("endpoint", [whole, in_pieces])
async def test_what_is_compressed_around_the_tap_is_kept_as_the_app_said_it(
    store, read_rows, endpoint, id_header
):
    """As plain text, of that size, and without an encoding."""
    app = Starlette(routes=[Route("/predict", endpoint, methods=["POST"])])
    modeltap.watch(app, model="m", store=store, analyze=False, id_header=id_header)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    await answered(app, store)
    (row,) = read_rows(store)
    assert (row["response_encoding"], row["response_type"]) == (None, "application/json")
    assert json.loads(row["response_body"]) == ANSWER
    assert row["response_bytes"] == len(row["response_body"])
