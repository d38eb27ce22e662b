"""A bare ASGI or WSGI callable: told apart by how it is called."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from modeltap.config import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.wsgi import WSGIMiddleware


@hookimpl(trylast=True)
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap a callable of ``(scope, receive, send)`` or of ``(environ, start_response)``."""
    bare: Any = app
    if not callable(app) or inspect.isclass(app):
        return None
    if inspect.iscoroutinefunction(bare) or inspect.iscoroutinefunction(bare.__call__):
        return ASGIMiddleware(bare, model=model, **options)
    count = _parameters(bare)
    if count == 3:
        return ASGIMiddleware(bare, model=model, **options)
    return WSGIMiddleware(bare, model=model, **options) if count == 2 else None


def _parameters(app: Any) -> int | None:
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)
