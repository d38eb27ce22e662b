"""Django handlers, the results of `get_asgi_application` and `get_wsgi_application`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.exchange import ROUTE
from modeltap.tap.wsgi import WSGIMiddleware

_MIDDLEWARES = {
    "django.core.handlers.asgi": ASGIMiddleware,
    "django.core.handlers.wsgi": WSGIMiddleware,
}


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap a Django handler, and record the route to which it resolves a request."""
    modules = [base.__module__ for base in type(app).__mro__]
    wrap = next((_MIDDLEWARES[name] for name in modules if name in _MIDDLEWARES), None)
    if wrap is None:
        return None
    handler: Any = app
    wrapped: object = wrap(handler, model=model, **options)
    handler.resolve_request = _recording_route(handler.resolve_request)
    return wrapped


def _recording_route(resolve: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `resolve` with a wrapper that stores the route for the tap."""

    def resolve_request(request: Any) -> Any:
        match = resolve(request)
        with suppress(Exception):  # an app's own kind of request or match may have neither
            carrier = getattr(request, "scope", None) or request.environ
            carrier[ROUTE] = f"/{match.route}"
        return match

    return resolve_request
