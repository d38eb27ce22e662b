"""`analyze`: one pass over what is new."""

from __future__ import annotations

import gc
import time

import click

from modeltap.analysis.pace import Pace, no_rest
from modeltap.cli.options import (
    background_option,
    check_model,
    json_option,
    model_option,
    open_analyzer,
    store_option,
)
from modeltap.cli.output import emit_json


@click.command()
@store_option
@model_option()
@click.option("--window", default=None, help="Length of the windows, such as 1h or 7d.")
@click.option("--again", is_flag=True, help="Compute all windows anew; alerts nobody.")
@click.option("--open", "open_too", is_flag=True, help="Judge windows that are not over, too.")
@click.option("--no-deliver", is_flag=True, help="Send nothing.")
@click.option("--wait", default=60.0, help="Seconds to wait for another analysis to end.")
@background_option
@json_option
def analyze(
    store: str | None, model: str | None, window: str | None, again: bool, open_too: bool,
    no_deliver: bool, wait: float, background: bool, as_json: bool,
) -> None:  # fmt: skip
    """Count, judge and tell what is new; a second time there is nothing to do."""
    # Rows come and go by the hundred thousand, none in a cycle: looking for cycles among them
    # would take a third of the time.
    gc.disable()
    analyzer = open_analyzer(store, background, {"window": window} if window else {})
    check_model(analyzer.connection, model)
    # There is a limit to a job in the background: rest takes no more than half of it.
    limit = analyzer.settings_of("").job_limit_seconds
    rest = Pace(0.5 * limit).rest if background else no_rest
    report = analyzer.run(model=model, wait=wait, open_too=open_too, again=again, rest=rest)
    analyzer.check(time.time())
    did = {"exchanges": report.exchanges, "references": report.references,
           "windows": report.windows, "purged": analyzer.purge_now()}  # fmt: skip
    sent = {"delivered": 0, "retried": 0, "dead": 0}
    if not no_deliver:
        analyzer.watch(time.time())
        sent = vars(analyzer.deliver())
    if as_json:
        emit_json({**did, **sent})
    elif not background:
        _tell(did, sent, [] if no_deliver else analyzer.undeliverable())


def _tell(did: dict[str, int], sent: dict[str, int], waiting: list[str]) -> None:
    click.echo(f"{did['exchanges']:,} exchanges counted, {did['windows']:,} windows judged, "
               f"{sent['delivered']:,} messages delivered")  # fmt: skip
    if did["purged"]:
        click.echo(f"{did['purged']:,} exchanges were older, or more, than `retention` keeps")
    if did["references"]:
        click.echo(f"{did['references']} reference frozen; `modeltap reference show` tells")
    if sent["retried"] or sent["dead"]:
        click.echo(f"{sent['retried']} messages wait for another try, {sent['dead']} were given up")
    for webhook in waiting:
        click.echo(f"messages for {webhook} wait for the app, which alone knows the URL")
