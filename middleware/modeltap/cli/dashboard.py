"""The `dashboard` command."""

from __future__ import annotations

import click

from modeltap.cli.common import read_store, store_option, store_path
from modeltap.config.validation import from_environment
from modeltap.dashboard.dashboard_server import address_of, serve
from modeltap.output import echo


@click.command()
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8400, show_default=True, help="The port; 0 takes a free one.")
@click.option("--token", default=None, help="Ask for this token; env:NAME reads a variable.")
@click.option("--allow-host", multiple=True, help="Another name under which it is reached.")
@click.option("--open", "is_opened", is_flag=True, help="Open it in the browser.")
def dashboard(
    store: str | None,
    host: str,
    port: int,
    token: str | None,
    allow_host: tuple[str, ...],
    is_opened: bool,
) -> None:
    """Show the store in a browser.

    Pages about models, drift, performance, exchanges and alerts.

    It listens on this machine only. On other addresses it asks for a token, which is in the
    address that it prints.

    \b
    Example:
      modeltap dashboard --store modeltap.db --open
    """
    read_store(store).close()
    address = address_of(host, port, None if token is None else from_environment(token, "--token"))
    serve(
        store_path(store),
        address,
        allowed=allow_host,
        is_opened=is_opened,
        announce=lambda url: echo(f"dashboard: {url} (stop with Ctrl-C)"),
    )
