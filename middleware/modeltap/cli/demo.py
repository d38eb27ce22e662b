"""`demo`: the main job on real data, end to end."""

from __future__ import annotations

import os

import click


@click.command()
@click.option("--keep", type=click.Path(), help="Keep the demo's files in this folder.")
@click.option(
    "--store",
    metavar="FILE",
    help="Put the demo's store there [default: a free name in this folder].",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The API's port [default: any free]."
)
@click.option("--speed", type=float, default=None, help="Days of 2013 that pass in a second.")
@click.option(
    "--requests",
    type=click.IntRange(100, 100_000),
    default=14_000,
    show_default=True,
    help="How many flights to ask about.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what happens as JSON Lines.")
def demo(
    keep: str | None,
    store: str | None,
    port: int,
    speed: float | None,
    requests: int,
    as_json: bool,
) -> None:
    """The main job on real data: a model that goes wrong, and what modeltap says of it."""
    if keep and store:
        raise click.UsageError("--keep and --store exclude each other: --keep holds the store, too")
    # OpenMP's threads spin while they wait for each other: on a busy machine training would take
    # six times as long as with one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Imported when asked for: scikit-learn alone costs a second.
    from modeltap.demo.play import play

    play(keep=keep, store=store, port=port, speed=speed, requests=requests, as_json=as_json)
