"""Gradio interfaces. The middleware is added by `launch`, which creates the app."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap_serving.origin import comes_from

CALLS = ("/gradio_api/queue/*", "/gradio_api/call/*", "/gradio_api/run/*", "/gradio_api/api/*")
"""Paths of function calls. Other paths serve the page, its files and its heartbeat."""


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Patch `launch` of a Blocks or an Interface to add the middleware, which records calls."""
    if not comes_from(app, "gradio.blocks"):
        return None
    from starlette.middleware import Middleware

    demo: Any = app
    tap: Any = ASGIMiddleware
    complete = dict(options)
    if not tap(demo, model=model, **options).tap.settings.include_paths:
        complete["include_paths"] = CALLS
    demo.launch = _launching(demo.launch, Middleware(tap, model=model, **complete))
    return app


def _launching(launch: Any, middleware: object) -> Any:
    @functools.wraps(launch)
    def launch_with_tap(*args: Any, **kwargs: Any) -> Any:
        app_kwargs = kwargs.get("app_kwargs") or {}
        combined = [middleware, *app_kwargs.get("middleware", ())]
        return launch(*args, **kwargs | {"app_kwargs": {**app_kwargs, "middleware": combined}})

    return launch_with_tap
