"""Litestar: it takes middleware only when it is made, so what to write is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeltap.errors import NotWatchableError
from modeltap.hookspecs import hookimpl
from modeltap.settings import ModelChooser


@hookimpl
def attach(app: object, model: ModelChooser, options: Mapping[str, Any]) -> object | None:
    """Raise `NotWatchableError` with the line that taps a Litestar application."""
    if not any(base.__module__ == "litestar.app" for base in type(app).__mro__):
        return None
    said = ", ".join(f"{name}={value!r}" for name, value in {"model": model, **options}.items())
    raise NotWatchableError(
        "a Litestar app takes middleware only when it is made; write "
        f"Litestar(..., middleware=[DefineMiddleware(modeltap.ASGIMiddleware, {said})]), "
        "with DefineMiddleware from litestar.middleware"
    )
