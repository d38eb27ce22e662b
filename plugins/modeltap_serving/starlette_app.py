"""FastAPI and Starlette: the framework's own `add_middleware`, so that each worker builds its own.

The options are checked here and now, for the framework builds the middleware at its first call.
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
