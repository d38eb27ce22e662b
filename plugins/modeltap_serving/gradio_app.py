"""Gradio: `launch` makes the app, so the middleware is added when it is called."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap_serving.origin import comes_from

CALLS = ("/gradio_api/queue/*", "/gradio_api/call/*", "/gradio_api/run/*", "/gradio_api/api/*")
"""Where functions are called and answer; the rest is the page, its files and its heartbeat."""


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Have `launch` of a Blocks or an Interface add the middleware; only calls are recorded."""
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
    def launching(*args: Any, **kwargs: Any) -> Any:
        app_kwargs = kwargs.get("app_kwargs") or {}
        together = [middleware, *app_kwargs.get("middleware", ())]
        return launch(*args, **kwargs | {"app_kwargs": {**app_kwargs, "middleware": together}})

    return launching
