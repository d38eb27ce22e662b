"""A protocol and a framework of our own, for modeltap.

The protocol: the request has a line such as `distance=800 origin=JFK` for each row, the response
a line such as `120.0`.
The framework: a `Handler` object that keeps its ASGI application in `asgi`.
"""

from __future__ import annotations

from modeltap import ASGIMiddleware, hookimpl
from modeltap.payload import Decoded


class Handler:
    """A stand-in for a framework that modeltap does not know."""

    def __init__(self, predict):
        self.predict = predict
        self.asgi = self._respond

    async def _respond(self, _scope, receive, send):
        body = (await receive())["body"].decode()
        response = "\n".join(str(self.predict(_row(line))) for line in body.splitlines())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": response.encode()})


@hookimpl
def attach(app, model, options):
    """Put the tap into a Handler; return None for any other app."""
    if not isinstance(app, Handler):
        return None
    app.asgi = ASGIMiddleware(app.asgi, model=model, **options)
    return app


@hookimpl
def decode(payload):
    """Decode lines of pairs, which the path identifies; return None for any other path."""
    if not payload.path.endswith("/pairs") or not isinstance(payload.request, str):
        return None
    decoded = Decoded(rows=[_row(line) for line in payload.request.splitlines()])
    lines = str(payload.response or "").splitlines()
    return decoded.pair([_value(line) for line in lines])


def _row(line):
    pairs = (pair.partition("=") for pair in line.split())
    return {name: _value(text) for name, _, text in pairs}


def _value(text):
    try:
        return float(text)
    except ValueError:
        return text
