"""Gradio: `launch` makes the app, so it is told of the middleware when it is called."""

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
    said = dict(options)
    if not tap(demo, model=model, **options).tap.settings.include_paths:
        said["include_paths"] = CALLS
    demo.launch = _launching(demo.launch, Middleware(tap, model=model, **said))
    return app


def _launching(launch: Any, middleware: object) -> Any:
    @functools.wraps(launch)
    def launching(*args: Any, **kwargs: Any) -> Any:
        said = kwargs.get("app_kwargs") or {}
        together = [middleware, *said.get("middleware", ())]
        return launch(*args, **kwargs | {"app_kwargs": {**said, "middleware": together}})

    return launching
