"""Quart applications, through their `asgi_app`, so that the app object is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.exchange import ROUTE
from modeltap_serving.origin import comes_from


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap a Quart application's `asgi_app`."""
    if not comes_from(app, "quart.app"):
        return None
    from quart.signals import request_started

    quart: Any = app
    quart.asgi_app = ASGIMiddleware(quart.asgi_app, model=model, **options)
    request_started.connect(_note_route, sender=quart, weak=False)
    return app


async def _note_route(_: object, **__: object) -> None:
    """Store the route for the tap, because Quart keeps it in its own request object."""
    from quart import request

    scope: Any = request.scope
    if request.url_rule is not None:
        scope[ROUTE] = request.url_rule.rule
