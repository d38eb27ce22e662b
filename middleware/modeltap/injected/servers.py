"""Taps the app that a server has just loaded, unless it serves no model."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Any

from modeltap.config.settings import EXCLUDED_PATHS, Settings
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.wsgi import WSGIMiddleware

_DOCS = ("/docs/*",)
"""FastAPI adds these to the routes of each app."""


class InjectedASGI(ASGIMiddleware):
    """The tap around an app that may have one of its own, which then records."""

    yields_to_inner = True


class InjectedWSGI(WSGIMiddleware):
    """The tap around an app that may have one of its own, which then records."""

    yields_to_inner = True


def tapped(app: Any, kind: str) -> Any:
    """Return `app` (kind "asgi" or "wsgi") with the tap around it, or as it is.

    Options come from the environment and modeltap.toml; raises `ConfigError` and
    `StoreError` as `watch` does.
    """
    if isinstance(app, (ASGIMiddleware, WSGIMiddleware)):
        return app
    made: Any = InjectedASGI(app) if kind == "asgi" else InjectedWSGI(app)
    return app if _is_auxiliary(app, made.tap.settings) else made


def _is_auxiliary(app: Any, settings: Settings) -> bool:
    """Say whether all routes of `app` are such as are left out: a server of metrics, of health."""
    patterns = (*EXCLUDED_PATHS, *settings.exclude_paths, *_DOCS)
    left_out = re.compile("|".join(map(translate, patterns)))
    paths = [getattr(route, "path", None) for route in _routes(app)]
    return bool(paths) and all(isinstance(path, str) and left_out.match(path) for path in paths)


def _routes(app: Any) -> list[Any]:
    """Return the routes of the app that `app` wraps, however often; none where it has no list."""
    for _ in range(16):
        routes = getattr(app, "routes", None)
        if isinstance(routes, (list, tuple)):
            return list(routes)
        app = getattr(app, "app", None)
    return []
