"""The `analyze` command: one analysis pass over new data."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from modeltap.cli.common import (
    background_option,
    check_model,
    json_option,
    model_option,
    open_analyzer,
    store_option,
)
from modeltap.cli.progress import analysis_line
from modeltap.output import echo, emit_json
from modeltap.wording import plural

if TYPE_CHECKING:
    from modeltap.jobs.pipeline import PassReport


@click.command()
@store_option
@model_option()
@click.option("--window", default=None, help="Window length, such as 1h, 7d or '5000 rows'.")
@click.option("--again", is_flag=True, help="Recompute all windows, without sending alerts.")
@click.option(
    "--open",
    "include_open",
    is_flag=True,
    help="Also evaluate windows that have not ended; they can raise alerts.",
)
@click.option("--no-deliver", is_flag=True, help="Do not send webhook messages.")
@click.option(
    "--wait",
    default=60.0,
    show_default=True,
    help="Seconds to wait for another analysis to finish.",
)
@background_option
@json_option
def analyze(
    store: str | None,
    model: str | None,
    window: str | None,
    again: bool,
    include_open: bool,
    no_deliver: bool,
    wait: float,
    background: bool,
    as_json: bool,
) -> None:
    """Evaluate new data and send alerts. Safe to repeat: a second run finds no new data.

    \b
    Example:
      modeltap analyze --model flights --window 1d
    """
    # A pass creates and frees rows by the hundred thousand, none of them in a reference cycle.
    # Garbage collection would take a third of the time.
    gc.disable()
    # Its matrices are small. Several threads would mostly wait for each other, and use the app's
    # processors meanwhile.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from modeltap.jobs.pipeline import PASS_WINDOWS  # imports NumPy and SciPy

    analyzer = open_analyzer(store, background, {"window": window} if window else {})
    check_model(analyzer.connection, model)
    with _progress(analyzer.connection, background) as on_progress:
        report = analyzer.run_pass(
            send=not no_deliver,
            throttled=background,
            model=model,
            wait=wait,
            include_open=include_open,
            again=again,
            on_progress=on_progress,
            most_windows=PASS_WINDOWS if background else None,
        )
    if report.analysis.unfinished:
        # The scheduler stores this line as the job's log.
        windows = plural(report.analysis.windows, "window")
        echo(f"{windows} evaluated; the next pass continues with the rest", err=True)
    if as_json:
        emit_json({**vars(report.analysis), "pruned": report.pruned, **vars(report.delivery)})
    elif not background:
        _print(report)


def _progress(
    connection: sqlite3.Connection, background: bool
) -> AbstractContextManager[Callable[[], None]]:
    if background:
        return nullcontext(lambda: None)
    return analysis_line(connection)


def _print(report: PassReport) -> None:
    done, sent = report.analysis, report.delivery
    new = plural(done.exchanges, "new exchange") if done.exchanges else "no new exchanges"
    echo(
        f"{new}, {plural(done.windows, 'window')} evaluated, "
        f"{plural(sent.delivered, 'message')} delivered"
    )
    if report.pruned:
        echo(f"{plural(report.pruned, 'exchange')} deleted because of `retention`")
    if done.references:
        echo(f"{plural(done.references, 'reference')} frozen; see `modeltap reference show`")
    if sent.retried or sent.dead:
        echo(f"{plural(sent.retried, 'message')} scheduled for retry, {sent.dead:,} given up")
    for line in report.ratings:
        echo(line)
    for webhook in report.unreachable:
        echo(f"messages for {webhook} are pending: only the app knows its URL and can send them")
