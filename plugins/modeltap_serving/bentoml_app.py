"""BentoML services, through their `add_asgi_middleware`.

Each worker imports the service and builds its own middleware. Options are checked immediately,
because BentoML builds the middleware only when a worker starts.
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
    """Add the middleware to a service, the result of ``@bentoml.service``."""
    if not (comes_from(app, "_bentoml_sdk") or comes_from(app, "bentoml")):
        return None
    service: Any = app
    if not hasattr(service, "add_asgi_middleware"):
        return None
    ASGIMiddleware(service, model=model, **options)
    service.add_asgi_middleware(ASGIMiddleware, model=model, **options)
    return app
