"""A bare ASGI or WSGI callable, or a model's function: told apart by their parameters' names.

Counting them would take a model's ``predict(x, y)`` for a WSGI app.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.errors import ConfigError, NotWatchableError
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.functions import capture
from modeltap.tap.tapping import Tap
from modeltap.tap.wsgi import WSGIMiddleware

_ASGI = ("scope", "receive", "send")
_WSGI = ("env", "start")
"""How the names of the parameters begin: ``environ`` and ``start_response``, mostly."""

_OF_SERVERS = ("scope", "env", "environ")
"""First parameters that no model has: the others of an app may have any names."""


@hookimpl(trylast=True)
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap ``(scope, receive, send)``, ``(environ, start_response)``, and any other function."""
    bare: Any = app
    if not callable(app) or inspect.isclass(app):
        return None
    names = _parameters(bare)
    if _begin(names, _ASGI):
        return ASGIMiddleware(bare, model=model, **options)
    if _begin(names, _WSGI):
        return WSGIMiddleware(bare, model=model, **options)
    if names and names[0] in _OF_SERVERS:
        raise _unclear(bare, names)
    if (inspect.isfunction(app) or inspect.ismethod(app)) and not _takes_anything(bare):
        return _captured(bare, model, options)
    return None


def _captured(function: Any, model: ModelChooser, options: Mapping[str, Any]) -> object:
    if not isinstance(model, str):
        raise ConfigError(
            f"model {model!r} chooses by path, and a function has none; name one model"
        )
    Tap("call", model, dict(options))  # only what `watch` takes: `capture` takes more
    decorated: object = capture(model=model, **options)(function)
    return decorated


def _unclear(app: Any, names: list[str]) -> NotWatchableError:
    name = getattr(app, "__qualname__", type(app).__qualname__)
    return NotWatchableError(
        f"{name}({', '.join(names)}) is neither (scope, receive, send) nor (environ, "
        "start_response), but begins like an app; wrap it by modeltap.ASGIMiddleware(app, ...) or "
        "modeltap.WSGIMiddleware(app, ...), or a model's function by modeltap.capture(...)"
    )


def _begin(names: list[str], beginnings: tuple[str, ...]) -> bool:
    return len(names) == len(beginnings) and all(map(str.startswith, names, beginnings))


def _takes_anything(function: Any) -> bool:
    """Say whether it has ``(*args)``, so that its arguments are unknown."""
    return any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values())


def _parameters(app: Any) -> list[str]:
    """Return the names of the parameters that a call has to give, in order."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        p.name.lstrip("_").lower()
        for p in parameters
        if p.kind in positional and p.default is p.empty
    ]
