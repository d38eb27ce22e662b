"""KServe servers. Each `ModelServer` serves the global FastAPI app of `kserve.model_server`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.errors import NotWatchableError
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap_serving.origin import comes_from


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Add the middleware to the app of a `ModelServer` with one worker."""
    if not comes_from(app, "kserve.model_server"):
        return None
    server: Any = app
    if server.workers > 1:
        raise NotWatchableError(
            f"a KServe ModelServer with {server.workers} workers spawns new processes; call "
            "modeltap.watch(kserve.model_server.app, ...) at the top of the module, outside of "
            "if __name__ == '__main__'"
        )
    served = import_module("kserve.model_server").app
    ASGIMiddleware(served, model=model, **options)
    served.add_middleware(ASGIMiddleware, model=model, **options)
    return app
