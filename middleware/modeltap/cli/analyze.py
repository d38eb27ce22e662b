"""`analyze`: one pass over what is new."""

from __future__ import annotations

import gc
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from modeltap.cli.options import (
    background_option,
    check_model,
    json_option,
    model_option,
    open_analyzer,
    store_option,
)
from modeltap.cli.progress import analysis_line
from modeltap.jobs.pacing import Pace
from modeltap.output import emit_json
from modeltap.wording import plural

if TYPE_CHECKING:
    from modeltap.jobs.pipeline import Analyzer


@click.command()
@store_option
@model_option()
@click.option("--window", default=None, help="Length of the windows, such as 1h or 7d.")
@click.option("--again", is_flag=True, help="Compute all windows anew; alerts nobody.")
@click.option(
    "--open",
    "open_too",
    is_flag=True,
    help="Judge windows that are not over, too; they alert as others do.",
)
@click.option("--no-deliver", is_flag=True, help="Send nothing.")
@click.option("--wait", default=60.0, help="Seconds to wait for another analysis to end.")
@background_option
@json_option
def analyze(
    store: str | None,
    model: str | None,
    window: str | None,
    again: bool,
    open_too: bool,
    no_deliver: bool,
    wait: float,
    background: bool,
    as_json: bool,
) -> None:
    """Count, judge and tell what is new; a second time there is nothing to do."""
    # Rows come and go by the hundred thousand, none in a cycle: looking for cycles among them
    # would take a third of the time.
    gc.disable()
    analyzer = open_analyzer(store, background, {"window": window} if window else {})
    connection = analyzer.connection
    check_model(connection, model)
    with _pace(analyzer) if background else nullcontext(), analysis_line(connection) as look:
        report = analyzer.run(model=model, wait=wait, open_too=open_too, again=again, on_piece=look)
    analyzer.check(time.time())
    did = {
        "exchanges": report.exchanges,
        "references": report.references,
        "windows": report.windows,
        "pruned": analyzer.prune_now(),
    }
    sent = {"delivered": 0, "retried": 0, "dead": 0}
    if not no_deliver:
        analyzer.watch(time.time())
        sent = vars(analyzer.deliver())
    if as_json:
        emit_json({**did, **sent})
    elif not background:
        _tell(did, sent, [] if no_deliver else analyzer.undeliverable())


def _pace(analyzer: Analyzer) -> Pace:
    """Throttle background work for half of its limit at most, never while others wait for it."""
    connection = analyzer.connection
    limit = analyzer.settings.of("").job_limit_seconds
    return Pace(0.5 * limit, may_rest=lambda: not connection.in_transaction)


def _tell(did: dict[str, int], sent: dict[str, int], waiting: list[str]) -> None:
    new = plural(did["exchanges"], "new exchange") if did["exchanges"] else "no new exchanges"
    click.echo(
        f"{new}, {plural(did['windows'], 'window')} judged, "
        f"{plural(sent['delivered'], 'message')} delivered"
    )
    if did["pruned"]:
        click.echo(
            f"{plural(did['pruned'], 'exchange')} deleted, older, or more, than `retention` keeps"
        )
    if did["references"]:
        click.echo(
            f"{plural(did['references'], 'reference')} frozen; `modeltap reference show` tells"
        )
    if sent["retried"] or sent["dead"]:
        click.echo(
            f"{plural(sent['retried'], 'message')} to be tried again, {sent['dead']:,} given up"
        )
    for webhook in waiting:
        click.echo(f"messages for {webhook} wait for the app, which alone knows the URL")
