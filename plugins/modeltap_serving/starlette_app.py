"""FastAPI and Starlette applications, through their `add_middleware`.

Each worker builds its own middleware. Options are checked immediately, because the framework
builds the middleware only at the first request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap_serving.origin import comes_from


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Add the middleware to a Starlette application or one of its children."""
    if not comes_from(app, "starlette.applications"):
        return None
    starlette: Any = app
    ASGIMiddleware(starlette, model=model, **options)
    starlette.add_middleware(ASGIMiddleware, model=model, **options)
    return app
