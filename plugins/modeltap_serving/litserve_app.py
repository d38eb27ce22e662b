"""LitServe servers, through the FastAPI app that a `LitServer` copies for each worker.

The tap runs in the forked processes that serve the API, not in the spawned ones with the models.
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
    """Add the middleware to the app of a `LitServer`."""
    if not comes_from(app, "litserve.server"):
        return None
    server: Any = app
    ASGIMiddleware(server.app, model=model, **options)
    server.app.add_middleware(ASGIMiddleware, model=model, **options)
    return app
