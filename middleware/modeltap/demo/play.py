"""The demo: train a model, serve it, replay real requests, and print the alerts."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import numpy as np

from modeltap import clock
from modeltap.analysis.references.freeze import freeze_file
from modeltap.config.settings import Settings
from modeltap.demo import flights as data
from modeltap.demo.flight_model import cross_validated, train
from modeltap.demo.flights import FEATURES, Flight
from modeltap.demo.replay import DAY, Replay
from modeltap.demo.server import Server, check_free
from modeltap.demo.stage import Stage
from modeltap.errors import InputError
from modeltap.ingest.files.table import open_table
from modeltap.ingest.roles import choose_roles
from modeltap.store.connection import connect
from modeltap.store.deliveries import waiting
from modeltap.store.path_checks import check_path
from modeltap.store.pending_work import pending_work
from modeltap.store.retention import empty_log
from modeltap.testing import WebhookReceiver

DAYS_PER_SECOND = 10.0
"""Replays March to August in less than 20 seconds."""

_REFERENCE_ROWS = 10_000
_SECRET = "DEMO_WEBHOOK_SECRET"
_ENOUGH_SECONDS = 240.0

_MODEL = "flights"
_WINDOW = "7d"

_TOML = """\
# Settings that modeltap.watch(app, model="flights") reads in this folder.
store = "modeltap.db"
window = "{window}"
event_time = "body:time"           # windows use the flight's time, not the clock
reference = "reference.csv"        # January and February, with predictions and labels
analyze_interval_seconds = 2       # for a short demo; the default is 60

[[webhooks]]
url = "{url}"
secret = "env:{secret}"
allow_private = true               # the receiver is on this machine
"""


def play(
    *,
    keep: str | None,
    store: str | None,
    port: int,
    speed: float | None,
    requests: int,
    as_json: bool,
) -> Path:
    """Run the demo, and return its store; see ``modeltap demo --help``."""
    if speed is not None and not 0 < speed <= 1000:
        raise InputError(f"--speed {speed}: must be above 0 and at most 1000 days per second")
    stage = Stage(as_json)
    kept = _kept_folder(keep)
    home = _free(store)
    if port:
        check_free(port)
    _stop_as_on_ctrl_c()
    try:
        with _folder(kept, home) as folder:
            winter, summer = _load(stage, requests)
            _train(stage, winter, folder)
            _freeze(stage, folder)
            _run(stage, summer, folder, port, speed or DAYS_PER_SECOND)
            result = folder / "modeltap.db"
            result = result if kept else _bring_home(result, home)
            stage.end(result)
    except KeyboardInterrupt:
        stage.stopped(kept)
        raise click.exceptions.Exit(130) from None
    return result


def _stop_as_on_ctrl_c() -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that the API ends and its files are removed."""
    # A real SIGINT, because asyncio can cancel its tasks on one. A background job of a shell
    # ignores SIGINT until a handler is set.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


@contextmanager
def _folder(kept: Path | None, home: Path | None) -> Iterator[Path]:
    """Yield the working folder, and remove it afterwards unless it is kept."""
    if kept is not None:
        yield kept
        return
    if not os.access(home.parent if home else Path.cwd(), os.W_OK):
        raise InputError("this folder is not writable; choose another one with --keep DIR")
    folder = Path(tempfile.mkdtemp(prefix="modeltap-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept_folder(keep: str | None) -> Path | None:
    if keep is None:
        return None
    folder = Path(keep).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--keep {keep!r} is a file; choose a folder")
    if (folder / "modeltap.db").exists():
        raise InputError(f"--keep {keep!r} already has a modeltap.db; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free(store: str | None) -> Path | None:
    """Return the path for the demo's store; raise `InputError` if it exists."""
    if store is None:
        return None
    path = check_path(store)
    if path.exists():
        raise InputError(f"--store {store!r} already exists; choose a new file")
    return path


def _load(stage: Stage, requests: int) -> tuple[list[Flight], list[Flight]]:
    """Return the flights of January and February that landed, and a sample of March to August."""
    stage.doing("Reading the flights of 2013")
    flights = data.load()
    winter = [f for f in flights if f.month <= 2 and f.air_time is not None]
    # In UTC, as in the store: the evening of August 31 in New York is in September there.
    start, end = (clock.parse(day) or 0.0 for day in ("2013-03-01", "2013-09-01"))
    later = [f for f in flights if start <= f.time < end and f.month > 2]
    chosen = np.random.default_rng(2013).choice(len(later), requests, replace=False)
    stage.echo(
        "data",
        f"Data: {len(flights):,} flights from New York in 2013, with their weather.",
        flights=len(flights),
    )
    return winter, [later[i] for i in sorted(chosen)]


def _train(stage: Stage, winter: list[Flight], folder: Path) -> None:
    """Train the model, and write the reference: its training rows, predictions and labels."""
    stage.doing("Training the model")
    predictions = cross_validated(winter)
    labels = np.array([f.air_time for f in winter])
    error = float(np.mean(np.abs(predictions - labels)))
    train(winter).save(folder)
    stage.echo(
        "model",
        f"Model: predicts the flight time, trained on {len(winter):,} flights of January and "
        f"February. Its mean absolute error in cross-validation is {error:.1f} minutes.",
        rows=len(winter),
        mae=round(error, 2),
    )
    sample = np.sort(np.random.default_rng(1).choice(len(winter), _REFERENCE_ROWS, replace=False))
    with (folder / "reference.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *FEATURES, "prediction", "label"])
        for i in sample:
            flight = winter[i]
            writer.writerow(
                [
                    clock.iso(flight.time),
                    *flight.features.values(),
                    round(float(predictions[i]), 1),
                    flight.air_time,
                ]
            )


def _freeze(stage: Stage, folder: Path) -> None:
    """Freeze the reference before the replay, which would leave the analysis little CPU time."""
    stage.doing("Learning the reference")
    table = open_table(folder / "reference.csv")
    roles = choose_roles(table, timestamp="time")
    with closing(connect(folder / "modeltap.db")) as connection:
        freeze_file(connection, Settings(window=_WINDOW), table, roles, model=_MODEL, version="")


def _run(stage: Stage, summer: list[Flight], folder: Path, port: int, speed: float) -> None:
    """Serve, replay and receive alerts until all requests have been analysed."""
    store = folder / "modeltap.db"
    secret = "whsec_" + secrets.token_urlsafe(32).replace("-", "A").replace("_", "B") + "="
    with WebhookReceiver(on_receive=stage.received) as receiver:
        (folder / "modeltap.toml").write_text(
            _TOML.format(url=receiver.url, secret=_SECRET, window=_WINDOW)
        )
        connection = connect(store)
        stage.doing("Starting the API")
        with Server(folder, port, {_SECRET: secret}) as server:
            stage.echo(
                "serving",
                f"Serving: the API runs at {server.url}, watched by modeltap; alerts go to "
                f"{receiver.url}.",
                url=server.url,
                webhook=receiver.url,
            )
            days = int((summer[-1].time - summer[0].time) // DAY) + 1
            stage.echo(
                "replay",
                f"Replay: {len(summer):,} real requests from March to August, {speed:g} days per "
                "second. The true flight times arrive as labels one day later.",
                requests=len(summer),
                days=days,
            )
            with stage.progress(days) as on_day:
                replay = Replay(server.port, connection, speed, on_day)
                replay.run(summer)
            stage.doing("Waiting for the last alerts")
            _wait_until_analysed(connection)
        stage.counted(replay.requests, replay.failed, replay.labels, connection)
        connection.close()  # the last connection merges the write-ahead log into the file


def _wait_until_analysed(connection: sqlite3.Connection) -> None:
    """Wait until the scheduled analysis has read every row and sent its messages."""
    deadline = time.monotonic() + _ENOUGH_SECONDS
    while time.monotonic() < deadline:
        pending = pending_work(connection, time.time())
        if not waiting(connection).messages and not pending.needs_analysis:
            return
        time.sleep(0.25)


def _bring_home(store: Path, home: Path | None) -> Path:
    """Move the store to `home`, by default an unused name in the working folder."""
    home = home or next(
        path
        for n in range(1000)
        if not (path := Path(f"modeltap{f'-demo{n}' if n else ''}.db").absolute()).exists()
    )
    connection = connect(store, create=False)
    empty_log(connection)
    connection.close()
    try:
        shutil.move(store, home)
    except OSError as error:
        raise InputError(
            f"cannot move the demo's store into {str(home.parent)!r} ({error.strerror}); use "
            "--keep DIR"
        ) from None
    return home
