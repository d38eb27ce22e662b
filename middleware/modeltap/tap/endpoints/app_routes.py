"""Routes of the app at the path of an endpoint of the tap: there, the app's own route answers.

An option must not replace a page that the app has. Frameworks that list their routes
(Starlette, FastAPI, Litestar, Flask, Quart) are asked once for each endpoint, at the first request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from modeltap.logs import logger
from modeltap.tap.endpoints.own_endpoint import OwnEndpoint

_MOST_LAYERS = 20
"""Middlewares around an app that are looked through for its routes."""


class AppRoutes:
    """The routes of an app that a tap wraps."""

    def __init__(self, app: object) -> None:
        self._app = app
        self._taken: dict[str, bool] = {}

    def has(self, endpoint: OwnEndpoint, outer: object = None) -> bool:
        """Return whether the app has a route at an endpoint's path; log it the first time.

        Args:
            outer: the app as the request names it, if it does.
        """
        taken = self._taken.get(endpoint.path)
        if taken is None:
            route = self._route_of(endpoint, outer)
            taken = self._taken[endpoint.path] = route is not None
            if taken:
                logger.warning(
                    "modeltap: the app has a route %r of its own, which answers; choose another "
                    "path for %s",
                    route,
                    endpoint.option,
                )
        return taken

    def _route_of(self, endpoint: OwnEndpoint, outer: object) -> str | None:
        try:
            return next(_collisions(endpoint, [*_layers(self._app), *_layers(outer)]), None)
        except Exception as error:  # a framework's list may have any form
            logger.debug("modeltap: the app's routes cannot be read: %r", error)
            return None


def _collisions(endpoint: OwnEndpoint, apps: Iterable[Any]) -> Iterator[str]:
    """Yield the templates of routes that are the endpoint's path, or below it if it has pages.

    A template such as `/{name}` does not collide, because the more exact path wins.
    """
    for app in apps:
        for template in _templates(app):
            path = template.rstrip("/")
            is_below = endpoint.has_pages_below and path.startswith(f"{endpoint.path}/")
            if path == endpoint.path or is_below:
                yield template


def _templates(app: Any) -> Iterator[str]:
    rules = getattr(getattr(app, "url_map", None), "iter_rules", None)
    if callable(rules):
        yield from (str(rule.rule) for rule in rules())
    routes = getattr(app, "routes", None)
    for route in routes if isinstance(routes, (list, tuple)) else ():
        template = getattr(route, "path", None)
        if isinstance(template, str) and not type(route).__name__.endswith("WebSocketRoute"):
            yield template  # websockets are the app's at any path


def _layers(app: Any) -> Iterator[Any]:
    """Yield an app and those that it wraps."""
    for _ in range(_MOST_LAYERS):
        if app is None:
            return
        owner = getattr(app, "__self__", None)  # of a bound method, such as `flask.wsgi_app`
        yield from (app,) if owner is None else (app, owner)
        app = getattr(app if owner is None else owner, "app", None)
