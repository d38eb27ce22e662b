"""modeltap taps a model API's requests and responses into a local SQLite file.

One line: ``modeltap.watch(app, model="flights")``. What is named in ``__all__`` is public; besides,
`modeltap.payload` and `modeltap.rows` for plugins, and `modeltap.testing` for tests. All else may
change without notice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
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
from modeltap.tap.recorders import recorders
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
    """Tap `app` and return what is to be served: of the type that `app` has, or a bare callable.

    A FastAPI, Starlette, Flask or Quart app, a BentoML service, a LitServer, a KServe ModelServer
    and a Gradio Blocks or Interface are tapped in place and returned; of Django's handlers, of
    bare ASGI and WSGI callables and of functions the wrapped one is returned, so write
    ``app = modeltap.watch(app, ...)`` there.

    Args:
        app: the application; or a model's own function, as for `modeltap.capture`.
        model: the model's name; or ``{path: name}``; or a callable from path to name, whose
            None leaves a path alone.
        **options: any option of `Settings`, for example ``store="taps.db"``,
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

    attached = hooks("serving").attach(app=app, model=model, options=options)
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
    """Tell what the right answer was for the exchange `id`; the last value told counts.

    Args:
        id: the exchange, as returned in the response header ``x-modeltap-id``.
        value: a number, a string or a truth value.
        row: which row of the exchange, from 0.
        store: the SQLite file; by default the one this process records to.

    Raises `StoreError` when the store is missing, and `InputError` when it is not clear which, or
    when `id` or `value` is nothing or no finite number.

    >>> id = capture(model="flights", request={"distance": 1400}, response=187.5)
    >>> label(id, 192.0)
    """
    from modeltap.store.connection import connect, writing
    from modeltap.store.labels import Label, insert_labels

    if not id or value is None:
        raise InputError(f"label({id!r}, {value!r}): give an exchange's id, and what was right")
    path = recorders.store_path(store)
    if not path.exists():
        flush(store=path)  # the very first exchange may still be on its way
    connection = connect(path, create=False)
    try:
        with writing(connection):
            insert_labels(connection, [Label(id, row, value)], source="label()")
    finally:
        connection.close()


def read(
    store: str | Path | None = None, *, model: str | None = None, labelled: bool = False
) -> Rows:
    """Return decoded rows as a dictionary of NumPy arrays, each of (n,) values.

    It has the columns that ``modeltap export`` writes, and the methods `to_pandas` and
    `to_polars`, where these are installed.

    Args:
        store: the SQLite file; by default the one this process records to.
        model: whose rows; by default all.
        labelled: only those whose label has come.

    Raises `StoreError` when the store is missing, `InputError` when it does not know the model.

    >>> for n in range(3):
    ...     _ = capture(model="doubled", request={"x": n}, response=2.0 * n)
    >>> flush() and read(model="doubled")["prediction"]
    array([0., 2., 4.])
    """
    from modeltap.export.arrays import arrays
    from modeltap.export.selection import Selection
    from modeltap.store.connection import connect_reader
    from modeltap.store.models import check_model
    from modeltap.store.settings_reader import SettingsReader

    path = recorders.store_path(store)
    connection = connect_reader(path)
    try:
        check_model(connection, model)
        return arrays(Selection(connection, SettingsReader(connection).of, model, labelled))
    finally:
        connection.close()


def flush(timeout: float = 5.0, *, store: str | Path | None = None) -> bool:
    """Wait until what was captured so far is in the store; False if `timeout` seconds did not do.

    >>> flush()
    True
    """
    return recorders.flush(timeout, store)


def stats(*, store: str | Path | None = None) -> dict[str, Any]:
    """Return this process's counters.

    ``captured`` is how many exchanges there were, of which ``written`` are in the store,
    ``queued`` are on their way (``queued_bytes`` of them in this process), ``dropped`` are lost
    (``dropped_by_reason`` says why), and of ``failed`` no row could be made. Of ``unconfirmed``
    the response did not wait for its commit to the end.

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
        # Asked for seldom, and the metadata's machinery takes longer to import than all of us.
        from importlib.metadata import version

        return version("modeltap")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
