"""The `grafana` command."""

from __future__ import annotations

from pathlib import Path

import click

from modeltap.bridges.grafana_dashboard import dashboard_json
from modeltap.errors import InputError
from modeltap.output import echo, standard_output


@click.command()
@click.option("-o", "--output", default=None, metavar="FILE", help="Write to this file.")
def grafana(output: str | None) -> None:
    """Print a Grafana dashboard of all models as JSON.

    Import it in Grafana, or provision it. It reads the page `/metrics` of `modeltap dashboard`
    from Prometheus.

    \b
    Example:
      modeltap grafana > modeltap.json
    """
    text = dashboard_json()
    if output is None:
        standard_output().write(text)
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{output}: {error.strerror}; choose another file with -o") from error
    echo(f"{output}: import it in Grafana, under Dashboards", err=True)
