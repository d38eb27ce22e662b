"""Litestar applications, which accept middleware only in the constructor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.config.settings import ModelChooser
from modeltap.config.validation import setting
from modeltap.errors import NotWatchableError
from modeltap.hookspecs import hookimpl
from modeltap_serving.origin import comes_from


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Raise `NotWatchableError` with the code to add for a Litestar application."""
    if not comes_from(app, "litestar.app"):
        return None
    arguments = ", ".join(_argument(*given) for given in {"model": model, **options}.items())
    raise NotWatchableError(
        "a Litestar app accepts middleware only in its constructor; write "
        f"Litestar(..., middleware=[DefineMiddleware(modeltap.ASGIMiddleware, {arguments})]), "
        "with DefineMiddleware from litestar.middleware"
    )


def _argument(name: str, value: object) -> str:
    """Return an option as code; a value that may be a secret is left out of the message."""
    is_shown = setting(name, value) == f"{name} = {value!r}" or str(value).startswith("env:")
    return f"{name}={value!r}" if is_shown else f"{name}=..."
