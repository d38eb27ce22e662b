"""The public functions: watch an app, label its exchanges, read its rows, improve its model.

`modeltap` imports this module when one of its names is used, so that commands that watch nothing
do not load the tap.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from modeltap.bridges.run_logging import log_to_mlflow
from modeltap.config.settings import ModelChooser, Settings
from modeltap.config.validation import check_model_option
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import InputError, NotWatchableError
from modeltap.hookspecs import hookimpl
from modeltap.improvement import (
    answer,
    compare,
    dataset,
    evaluate,
    note_version,
    replay,
    retrain,
    review_queue,
    versions,
)
from modeltap.tap.app_options.local_paths import with_absolute_paths
from modeltap.tap.asgi import ASGIMiddleware
from modeltap.tap.functions import capture, last_id
from modeltap.tap.recording.recorders import recorders
from modeltap.tap.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from modeltap.config.options import Options
    from modeltap.export.arrays import Rows

__all__ = [
    "ASGIMiddleware",
    "Settings",
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

_CREATION_SECONDS = 10.0
"""The longest wait of the first label for the store, which the writer process creates. It takes
half a second, and several on a machine that is busy."""


def watch(app: Any, *, model: ModelChooser, **options: Unpack[Options]) -> Any:
    """Record the requests and responses of `app`; return the app to serve.

    A FastAPI, Starlette, Flask or Quart app, a BentoML service, a LitServer, a KServe ModelServer
    and a Gradio Blocks or Interface are modified in place and returned. For Django handlers, bare
    ASGI and WSGI callables and functions a wrapper is returned, so write
    ``app = modeltap.watch(app, ...)``.

    Args:
        app: the application, or a model's function (see `modeltap.capture`).
        model: the model's name; or a mapping ``{path: name}``; or a callable that returns the
            name for a path, or None to skip it.
        **options: any of `Options`, for example ``store="taps.db"``,
            ``webhooks=["https://example.org/hook"]``, ``sample_rate=0.1``.

    Raises:
        ConfigError: an option is unknown or invalid.
        StoreError: the store's path cannot be used.
        NotWatchableError: the type of `app` is not supported.

    >>> async def app(scope, receive, send): ...
    >>> watch(app, model="flights", sampel_rate=0.1)
    Traceback (most recent call last):
    modeltap.errors.ConfigError: unknown option 'sampel_rate'; did you mean 'sample_rate'?
    """
    from modeltap.plugins import hooks

    check_model_option(model)
    attached = hooks("serving").attach(app=app, model=model, options=with_absolute_paths(options))
    if attached is None:
        raise NotWatchableError(
            f"watch() does not support {type(app).__name__} {app!r}; pass a FastAPI, Starlette, "
            "Flask or Quart app, a Django handler, a BentoML service, a LitServer, a KServe "
            "ModelServer, a Gradio Blocks, a callable of (scope, receive, send) or (environ, "
            "start_response), or a function; wrap other apps with modeltap.ASGIMiddleware(app, "
            "...) or modeltap.WSGIMiddleware(app, ...)"
        )
    return attached


def label(
    id: str,  # noqa: A002
    value: object,
    row: int = 0,
    *,
    key: str | None = None,
    model: str | None = None,
    store: str | Path | None = None,
) -> None:
    """Store a label (ground truth) for the exchange `id`. The latest label of a row counts.

    A label that repeats the last one of its row is stored once.

    Args:
        id: the exchange's id from the response header ``x-modeltap-id``; or its ``x-request-id``
            or trace id, if only one exchange with a prediction has it.
        value: a number, a string or a boolean.
        row: the row of the exchange, from 0.
        key: the name of a feature; `id` is then its value in the row. Needs `model`.
        model: the model, if exchanges of several models have this id.
        store: the SQLite file; by default the one this process records to.

    Raises `StoreError` if the store is missing, and `InputError` if the process records to several
    stores, if `id` or `value` is empty, if `value` is not finite, or if `row` is not valid.

    >>> id = capture(model="flights", request={"distance": 1400}, response=187.5)
    >>> label(id, 192.0)
    """
    from modeltap.store.connection import connect, writing
    from modeltap.store.label_targets import waiting_id
    from modeltap.store.labels import Label, insert_labels
    from modeltap.store.row_keys import FeatureLabel, insert_by_feature, key_text

    if id in ("", None) or value is None:
        raise InputError(f"label({id!r}, {value!r}) needs an exchange's id and a value")
    if isinstance(row, bool) or not hasattr(row, "__index__") or row < 0:
        raise InputError(f"label(..., row={row!r}) is not valid; rows are counted from 0")
    feature_value = key_text(id) if key else None
    if key and (feature_value is None or model is None or row):
        raise InputError(
            f"label({id!r}, key={key!r}) needs the value of a feature, its model and no row"
        )
    path = recorders.store_path(store)
    if not path.exists():
        flush(_CREATION_SECONDS, store=path)  # the first exchange may not be written yet
    with closing(connect(path, create=False)) as connection, writing(connection):
        if key and model and feature_value:
            own = FeatureLabel(feature_value, value)
            insert_by_feature(connection, [own], model=model, feature=key, source="label()")
        else:
            own_label = Label(waiting_id(id), row, value)
            insert_labels(connection, [own_label], source="label()", model=model)


def read(
    store: str | Path | None = None, *, model: str | None = None, labelled: bool = False
) -> Rows:
    """Return decoded rows as a dictionary of NumPy arrays of shape (n,).

    The columns are those of ``modeltap export``. The result has the methods `to_pandas` and
    `to_polars`, if these are installed.

    Args:
        store: the SQLite file; by default the one this process records to.
        model: only rows of this model; by default all rows.
        labelled: only rows with a label.

    Raises `StoreError` if the store is missing, `InputError` if it does not contain the model.

    >>> for n in range(3):
    ...     _ = capture(model="doubled", request={"x": n}, response=2.0 * n)
    >>> flush() and read(model="doubled")["prediction"]
    array([0., 2., 4.])
    """
    from modeltap.export.arrays import read_arrays

    return read_arrays(recorders.store_path(store), model=model, labelled=labelled)


def flush(timeout: float = 5.0, *, store: str | Path | None = None) -> bool:
    """Wait until all captured exchanges are in the store; return False after `timeout` seconds.

    >>> flush()
    True
    """
    return recorders.flush(timeout, store)


def stats(*, store: str | Path | None = None) -> dict[str, Any]:
    """Return this process's counts of exchanges.

    ``captured`` is the sum of ``written``, ``queued``, ``dropped`` and ``failed`` exchanges.
    ``queued_bytes`` is the size of the queue in this process, ``dropped_by_reason`` splits
    ``dropped``, and ``failed`` exchanges could not be converted to a row. ``unconfirmed`` counts
    the responses that were sent before their exchange was committed.

    >>> stats()["dropped"]
    0
    """
    return recorders.stats(store)


def _start_schedule(store: Path, settings: Settings) -> Callable[[], None]:
    # Imported by the recorder's thread, because APScheduler would slow down importing modeltap.
    from modeltap.jobs.scheduler import start

    return start(store, settings)


recorders.on_start = _start_schedule
