"""Flask applications, through their `wsgi_app`, so that the app object is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.hookspecs import hookimpl
from modeltap.tap.wsgi import WSGIMiddleware
from modeltap_serving.origin import comes_from


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Wrap a Flask application's `wsgi_app`."""
    if not comes_from(app, "flask.app"):
        return None
    flask: Any = app
    flask.wsgi_app = WSGIMiddleware(flask.wsgi_app, model=model, **options)
    return app
