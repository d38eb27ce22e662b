"""modeltap records a model API's requests and responses in a local SQLite file.

Add one line to an app: ``modeltap.watch(app, model="flights")``. The names in ``__all__`` are
public, and so are `modeltap.payload` and `modeltap.rows` for plugins, and `modeltap.testing` for
tests. Everything else may change without notice.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if sys.platform == "win32":
    raise ImportError("modeltap supports Linux and macOS; on Windows use WSL")

from modeltap.errors import (
    BusyError,
    ConfigError,
    InputError,
    ModeltapError,
    NotWatchableError,
    StoreDamaged,
    StoreError,
    StoreTooNew,
)

if TYPE_CHECKING:
    from modeltap.api import (
        ASGIMiddleware,
        Settings,
        WebhookSettings,
        WSGIMiddleware,
        answer,
        capture,
        compare,
        dataset,
        evaluate,
        flush,
        hookimpl,
        label,
        last_id,
        log_to_mlflow,
        note_version,
        read,
        replay,
        retrain,
        review_queue,
        stats,
        versions,
        watch,
    )

__all__ = [
    "ASGIMiddleware",
    "BusyError",
    "ConfigError",
    "InputError",
    "ModeltapError",
    "NotWatchableError",
    "Settings",
    "StoreDamaged",
    "StoreError",
    "StoreTooNew",
    "WSGIMiddleware",
    "WebhookSettings",
    "answer",
    "capture",
    "compare",
    "dataset",
    "evaluate",
    "flush",
    "hookimpl",
    "label",
    "last_id",
    "log_to_mlflow",
    "note_version",
    "read",
    "replay",
    "retrain",
    "review_queue",
    "stats",
    "versions",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Return a public name, which is imported when it is first used."""
    if name == "__version__":
        # importlib.metadata takes longer to import than the whole package.
        from importlib.metadata import version

        return version("modeltap")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from modeltap import api

    value = globals()[name] = getattr(api, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
