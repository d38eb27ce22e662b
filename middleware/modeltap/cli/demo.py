"""The `demo` command."""

from __future__ import annotations

import os

import click

from modeltap.dashboard.dashboard_server import address_of, check_extra, serve
from modeltap.output import echo, emit_json


@click.command()
@click.option(
    "--keep", type=click.Path(), metavar="DIR", help="Keep the demo's files in this folder."
)
@click.option(
    "--store",
    metavar="FILE",
    help="The demo's store [default: a new file in this folder].",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The API's port [default: any free port].",
)
@click.option("--speed", type=float, default=None, help="Simulated days per second.")
@click.option(
    "--requests",
    type=click.IntRange(100, 100_000),
    default=8_000,
    show_default=True,
    help="Number of flights to predict.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show the result in the dashboard.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON Lines.")
def demo(
    keep: str | None,
    store: str | None,
    port: int,
    speed: float | None,
    requests: int,
    is_opened: bool,
    as_json: bool,
) -> None:
    """Run a real model that goes wrong, and show its alerts.

    Trains a model of flight times, serves it on this machine, and replays the flights from New
    York in 2013. Runs offline, in about a minute.

    \b
    Example:
      modeltap demo --keep demo/
    """
    if keep and store:
        raise click.UsageError("use --keep or --store, not both: --keep also keeps the store")
    # OpenMP threads spin while they wait for each other. On a busy machine training would take
    # six times as long as with one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Imported here because scikit-learn alone takes a second.
    from modeltap.demo.play import play

    if is_opened:
        check_extra()
    result = play(
        keep=keep, store=store, port=port, speed=speed, requests=requests, as_json=as_json
    )
    if is_opened:
        serve(
            result,
            address_of("127.0.0.1", 0, None),
            is_opened=True,
            announce=lambda url: _announce(url, as_json),
        )


def _announce(url: str, as_json: bool) -> None:
    if as_json:
        emit_json({"event": "dashboard", "url": url})
    else:
        echo("", f"dashboard: {url} (stop with Ctrl-C)")
