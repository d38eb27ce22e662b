"""A protocol and a framework of our own, for modeltap.

The protocol: `distance=800 origin=JFK` asks, `120.0` answers, one line for each row.
The framework: a `Handler` object that keeps its ASGI application in `asgi`.
"""

from __future__ import annotations

from modeltap import ASGIMiddleware, hookimpl
from modeltap.payload import Decoded


class Handler:
    """What stands here for a framework that modeltap does not know."""

    def __init__(self, predict):
        self.predict = predict
        self.asgi = self._answer

    async def _answer(self, _scope, receive, send):
        body = (await receive())["body"].decode()
        answer = "\n".join(str(self.predict(_row(line))) for line in body.splitlines())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.encode()})


@hookimpl
def attach(app, model, options):
    """Put the tap into a Handler; anything else is another plugin's."""
    if not isinstance(app, Handler):
        return None
    app.asgi = ASGIMiddleware(app.asgi, model=model, **options)
    return app


@hookimpl
def decode(payload):
    """Decode lines of pairs; the path alone tells that they are ours."""
    if not payload.path.endswith("/pairs") or not isinstance(payload.request, str):
        return None
    found = Decoded(rows=[_row(line) for line in payload.request.splitlines()])
    answers = str(payload.response or "").splitlines()
    return found.pair([_value(text) for text in answers])


def _row(line):
    pairs = (pair.partition("=") for pair in line.split())
    return {name: _value(text) for name, _, text in pairs}


def _value(text):
    try:
        return float(text)
    except ValueError:
        return text
