"""The `mcp` command: a server for coding agents."""

from __future__ import annotations

import click

from modeltap.cli.common import read_store, store_option, store_path


@click.command()
@store_option
def mcp(store: str | None) -> None:
    """Answer coding agents by MCP on standard input and output.

    Read-only: status, alerts, metrics, drift, performance and masked exchanges. An agent starts
    this command itself; see docs/agents.md.

    \b
    Example:
      modeltap mcp --store modeltap.db
    """
    from modeltap.bridges.agent_server import agent_server

    read_store(store).close()
    agent_server(store_path(store).absolute()).run("stdio")
