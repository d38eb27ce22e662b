"""Wrapping of an app that a server has just loaded, unless it serves no model."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Any

from modeltap.config.settings import EXCLUDED_PATHS, Settings
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.wsgi import WSGIMiddleware

_DOCS = ("/docs/*",)
"""Routes that FastAPI adds to each app."""


class InjectedASGI(ASGIMiddleware):
    """The injected tap. It leaves recording to a tap inside the app, if there is one."""

    yields_to_inner = True


class InjectedWSGI(WSGIMiddleware):
    """The injected tap. It leaves recording to a tap inside the app, if there is one."""

    yields_to_inner = True


def tapped(app: Any, kind: str) -> Any:
    """Return `app` (kind "asgi" or "wsgi") wrapped by the tap, or unchanged.

    Options come from the environment and modeltap.toml. Raises `ConfigError` and `StoreError`
    like `watch`.
    """
    if isinstance(app, (ASGIMiddleware, WSGIMiddleware)):
        return app
    wrapped: Any = InjectedASGI(app) if kind == "asgi" else InjectedWSGI(app)
    return app if _is_auxiliary(app, wrapped.tap.settings) else wrapped


def _is_auxiliary(app: Any, settings: Settings) -> bool:
    """Return True if all routes of `app` are excluded, as in a server of metrics or health."""
    patterns = (*EXCLUDED_PATHS, *settings.exclude_paths, *_DOCS)
    excluded = re.compile("|".join(map(translate, patterns)))
    paths = [getattr(route, "path", None) for route in _routes(app)]
    return bool(paths) and all(isinstance(path, str) and excluded.match(path) for path in paths)


def _routes(app: Any) -> list[Any]:
    """Return the routes of the innermost app; an empty list if it has none."""
    for _ in range(16):
        routes = getattr(app, "routes", None)
        if isinstance(routes, (list, tuple)):
            return list(routes)
        app = getattr(app, "app", None)
    return []
