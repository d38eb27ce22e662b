"""Bare ASGI and WSGI callables and model functions, distinguished by their parameter names.

The number of parameters is not enough: a model's ``predict(x, y)`` would look like a WSGI app.
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
"""Prefixes of the parameter names, which are usually ``environ`` and ``start_response``."""

_OF_SERVERS = ("scope", "env", "environ")
"""First parameters that only apps have. The other parameters of an app may have any names."""


@hookimpl(trylast=True)
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap ``(scope, receive, send)``, ``(environ, start_response)``, or a model's function."""
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
            f"model {model!r} selects by path, but a function has no path; use one model's name"
        )
    Tap("call", model, dict(options))  # rejects options of `capture` that `watch` does not have
    decorated: object = capture(model=model, **options)(function)
    return decorated


def _unclear(app: Any, names: list[str]) -> NotWatchableError:
    name = getattr(app, "__qualname__", type(app).__qualname__)
    return NotWatchableError(
        f"{name}({', '.join(names)}) starts like an app but is neither (scope, receive, send) nor "
        "(environ, start_response); wrap an app with modeltap.ASGIMiddleware(app, ...) or "
        "modeltap.WSGIMiddleware(app, ...), and a model's function with modeltap.capture(...)"
    )


def _begin(names: list[str], beginnings: tuple[str, ...]) -> bool:
    return len(names) == len(beginnings) and all(map(str.startswith, names, beginnings))


def _takes_anything(function: Any) -> bool:
    """Return True if a function has ``*args``, so that its arguments are unknown."""
    return any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(function).parameters.values())


def _parameters(app: Any) -> list[str]:
    """Return the names of the required positional parameters, in order."""
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
