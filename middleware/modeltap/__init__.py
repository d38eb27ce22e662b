"""modeltap taps a model API's requests and responses into a local SQLite file.

One line: ``modeltap.watch(app, model="flights")``. The names in ``__all__`` are public, and so are
`modeltap.payload` and `modeltap.rows` for plugins, and `modeltap.testing` for tests. All else may
change without notice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

if sys.platform == "win32":
    raise ImportError("modeltap runs on Linux and macOS; on Windows use it inside WSL")

from modeltap.config.options import Options
from modeltap.config.settings import ModelChooser, Settings
from modeltap.config.webhook_settings import WebhookSettings
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
from modeltap.hookspecs import hookimpl
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.functions import capture, last_id
from modeltap.tap.recording.recorders import recorders
from modeltap.tap.tapping import with_absolute_paths
from modeltap.tap.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from modeltap.export.arrays import Rows

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
    "capture",
    "flush",
    "hookimpl",
    "label",
    "last_id",
    "read",
    "stats",
    "watch",
]


def watch(app: Any, *, model: ModelChooser, **options: Unpack[Options]) -> Any:
    """Tap `app` and return the app to serve: of the type that `app` has, or a bare callable.

    A FastAPI, Starlette, Flask or Quart app, a BentoML service, a LitServer, a KServe ModelServer
    and a Gradio Blocks or Interface are tapped in place and returned; of Django's handlers, of
    bare ASGI and WSGI callables and of functions the wrapped one is returned, so write
    ``app = modeltap.watch(app, ...)`` there.

    Args:
        app: the application; or a model's own function, as for `modeltap.capture`.
        model: the model's name; or ``{path: name}``; or a callable from path to name, whose
            None leaves a path alone.
        **options: any of `Options`, for example ``store="taps.db"``,
            ``webhooks=["https://example.org/hook"]``, ``sample_rate=0.1``.

    Raises:
        ConfigError: an option is unknown or wrong.
        StoreError: the store's path cannot be used.
        NotWatchableError: `app` is none of the above.

    >>> async def app(scope, receive, send): ...
    >>> watch(app, model="flights", sampel_rate=0.1)
    Traceback (most recent call last):
    modeltap.errors.ConfigError: unknown option 'sampel_rate'; did you mean 'sample_rate'?
    """
    from modeltap.plugins import hooks

    attached = hooks("serving").attach(app=app, model=model, options=with_absolute_paths(options))
    if attached is None:
        raise NotWatchableError(
            f"watch() does not know what to do with {type(app).__name__} {app!r}; give it a "
            "FastAPI, Starlette, Flask or Quart app, a Django handler, a BentoML service, a "
            "LitServer, a KServe ModelServer, a Gradio Blocks, a callable of (scope, receive, "
            "send) or (environ, start_response), or a function; others are wrapped by "
            "modeltap.ASGIMiddleware(app, ...) or modeltap.WSGIMiddleware(app, ...)"
        )
    return attached


def label(id: str, value: object, row: int = 0, *, store: str | Path | None = None) -> None:  # noqa: A002
    """Store the label of the exchange `id`; of several the last one counts.

    Args:
        id: the exchange, as returned in the response header ``x-modeltap-id``; or its
            ``x-request-id`` or trace id, if one exchange alone with a prediction has it.
        value: a number, a string or a boolean.
        row: the row of the exchange, from 0.
        store: the SQLite file; by default the one this process records to.

    Raises `StoreError` when the store is missing, and `InputError` when it is not clear which, or
    when `id` or `value` is nothing or no finite number.

    >>> id = capture(model="flights", request={"distance": 1400}, response=187.5)
    >>> label(id, 192.0)
    """
    from modeltap.store.connection import connect, writing
    from modeltap.store.label_targets import waiting_id
    from modeltap.store.labels import Label, insert_labels

    if not id or value is None:
        raise InputError(f"label({id!r}, {value!r}): give an exchange's id, and its label")
    path = recorders.store_path(store)
    if not path.exists():
        flush(store=path)  # the very first exchange may still be on its way
    with closing(connect(path, create=False)) as connection, writing(connection):
        insert_labels(connection, [Label(waiting_id(id), row, value)], source="label()")


def read(
    store: str | Path | None = None, *, model: str | None = None, labelled: bool = False
) -> Rows:
    """Return decoded rows as a dictionary of NumPy arrays, each of (n,) values.

    It has the columns that ``modeltap export`` writes, and the methods `to_pandas` and
    `to_polars`, where these are installed.

    Args:
        store: the SQLite file; by default the one this process records to.
        model: the model of the rows; by default all.
        labelled: only rows with a label.

    Raises `StoreError` when the store is missing, `InputError` when it does not know the model.

    >>> for n in range(3):
    ...     _ = capture(model="doubled", request={"x": n}, response=2.0 * n)
    >>> flush() and read(model="doubled")["prediction"]
    array([0., 2., 4.])
    """
    from modeltap.export.arrays import read_arrays

    return read_arrays(recorders.store_path(store), model=model, labelled=labelled)


def flush(timeout: float = 5.0, *, store: str | Path | None = None) -> bool:
    """Wait until what was captured so far is in the store; False after `timeout` seconds.

    >>> flush()
    True
    """
    return recorders.flush(timeout, store)


def stats(*, store: str | Path | None = None) -> dict[str, Any]:
    """Return this process's counters of exchanges.

    ``captured`` is the sum of ``written`` ones, of those ``queued`` (``queued_bytes`` of them in
    this process), of those ``dropped`` (``dropped_by_reason``), and of those ``failed``, which no
    row could be made of. The responses of ``unconfirmed`` ones were sent before their commit.

    >>> stats()["dropped"]
    0
    """
    return recorders.stats(store)


def _start_schedule(store: Path, settings: Settings) -> Callable[[], None]:
    # The recorder's thread imports it, once it runs: APScheduler would slow the import down.
    from modeltap.jobs.scheduler import start

    return start(store, settings)


recorders.on_start = _start_schedule


def __getattr__(name: str) -> Any:
    if name == "__version__":
        # Seldom needed, and importlib.metadata takes longer to import than the whole package.
        from importlib.metadata import version

        return version("modeltap")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
