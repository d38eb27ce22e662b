"""The `report` command."""

from __future__ import annotations

from pathlib import Path

import click

from modeltap.cli.common import (
    check_model,
    model_option,
    moment_of,
    read_store,
    store_option,
    store_path,
)
from modeltap.errors import InputError
from modeltap.output import echo

_FORMATS = {".html": "html", ".htm": "html", ".md": "md", ".json": "json"}


@click.command()
@store_option
@model_option()
@click.option("-o", "--output", default=None, metavar="FILE", help="The file to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("html", "md", "json")),
    default=None,
    help="The format [default: by the file's name, else md].",
)
@click.option("--since", default=None, help="Leave out windows before this time (UTC).")
@click.option(
    "--fail-on",
    type=click.Choice(("alert",)),
    default=None,
    help="Exit with code 1 if the report has an alert.",
)
@click.pass_context
def report(
    context: click.Context,
    store: str | None,
    model: str | None,
    output: str | None,
    form: str | None,
    since: str | None,
    fail_on: str | None,
) -> None:
    """Write the state of all models into one file.

    HTML, Markdown or JSON.

    \b
    Example:
      modeltap report -o report.html --since 2026-05-01
    """
    from modeltap.dashboard import report_file as reports

    form = form or (_FORMATS.get(Path(output).suffix.lower()) if output else "md")
    if form is None:
        raise InputError(f"{output}: no format belongs to this name; add --format html, md or json")
    connection = read_store(store)
    check_model(connection, model)
    made = reports.report_of(connection, store_path(store), model, moment_of(since, "--since"))
    if form == "html":
        text = reports.as_html(connection, made)
    else:
        text = reports.as_json(made) + "\n" if form == "json" else reports.as_markdown(made)
    if output is None:
        echo(*text.splitlines())
    else:
        _write(Path(output), text)
        echo(f"{output}: {len(text.encode()) / 1e3:,.0f} kB", err=True)
    if fail_on == "alert" and made.has_alerts:
        context.exit(1)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; choose another file with -o") from error
