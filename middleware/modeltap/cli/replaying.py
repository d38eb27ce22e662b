"""The `replay` command: stored requests sent again to a candidate."""

from __future__ import annotations

from collections.abc import Sequence

import click

from modeltap import clock
from modeltap.cli.common import json_option, moment_of, open_store, store_option
from modeltap.cli.model_names import complete_models
from modeltap.cli.progress import counting_bar
from modeltap.config.validation import from_environment
from modeltap.errors import ModeltapError
from modeltap.output import echo, emit_json
from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replay_report import ReplayReport
from modeltap.replaying.replayer import Replayer
from modeltap.wording import plural


@click.command("replay")
@click.option(
    "--model",
    required=True,
    help="The model whose stored requests are sent.",
    shell_complete=complete_models,
)
@click.option(
    "--to",
    "url",
    required=True,
    metavar="URL",
    help="The candidate, such as http://127.0.0.1:8001.",
)
@click.option("--name", default=None, help="The candidate's name [default: host and port].")
@click.option("--rate", type=float, default=None, help="Requests per second [default: no limit].")
@click.option(
    "--concurrency", type=int, default=4, show_default=True, help="Requests at the same time."
)
@click.option("--since", default=None, help="Only requests at or after this event time.")
@click.option("--limit", type=int, default=None, help="Only this many of the newest requests.")
@click.option("--labelled", is_flag=True, help="Only requests that have a label.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Also send this header; VALUE may be env:VARIABLE. Repeatable.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    type=float,
    default=30.0,
    show_default=True,
    help="Time limit of a request in seconds.",
)
@click.option("--again", is_flag=True, help="Delete the candidate's earlier predictions first.")
@store_option
@json_option
def replay_(
    model: str,
    url: str,
    name: str | None,
    rate: float | None,
    concurrency: int,
    since: str | None,
    limit: int | None,
    labelled: bool,
    headers: Sequence[str],
    timeout_seconds: float,
    again: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """Send stored requests again, and keep a candidate's answers.

    Run again, it continues where it stopped: only requests without a prediction of the candidate
    are sent.

    \b
    Example:
      modeltap replay --model flights --to http://127.0.0.1:8001 --name new
    """
    moment = moment_of(since, "--since")
    options = ReplayOptions(
        name=name,
        rate=rate,
        concurrency=concurrency,
        since=None if moment is None else clock.iso(moment),
        limit=limit,
        labelled=labelled,
        headers=dict(map(_header, headers)),
        timeout_seconds=timeout_seconds,
        again=again,
    )
    replayer = Replayer(open_store(store), model, url, options)
    with counting_bar(replayer.remaining, f"replaying {model}") as on_settled:
        report = replayer.run(on_settled)
    if as_json:
        emit_json(report.to_dict())
    else:
        echo(*_lines(report))
    if failure := report.failure:
        raise ModeltapError(failure)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header {text!r} has no colon; write 'name: value'")
    return name.strip(), from_environment(value.strip(), f"--header {name.strip()}")


def _lines(report: ReplayReport) -> list[str]:
    lines = [
        f"{plural(report.sent, 'request')} sent to {report.candidate}, "
        f"{report.answered:,} answered with {plural(report.rows, 'prediction')}"
    ]
    if report.answered_before:
        lines.append(f"{plural(report.answered_before, 'request')} answered before")
    for counts, text in ((report.failed, "failed"), (report.left_out, "left out")):
        lines += [f"{plural(count, 'request')} {text}: {name}" for name, count in counts.items()]
    return lines
