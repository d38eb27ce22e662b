"""Quart: its `asgi_app` is wrapped, so that the app object stays what it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.exchange import ROUTE


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap a Quart application's `asgi_app`."""
    if not any(base.__module__ == "quart.app" for base in type(app).__mro__):
        return None
    quart: Any = app
    quart.asgi_app = ASGIMiddleware(quart.asgi_app, model=model, **options)

    @quart.before_request  # type: ignore[untyped-decorator]
    async def note_route() -> None:
        from quart import request

        if request.url_rule is not None:
            scope: Any = request.scope
            scope[ROUTE] = request.url_rule.rule

    return app
