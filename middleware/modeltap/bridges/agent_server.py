"""A read-only MCP server on standard input and output, for coding agents.

Each question opens the store for reading, has a time limit, and gets a bounded answer.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modeltap.bridges import agent_answers as answers
from modeltap.bridges.alert_guide import guide
from modeltap.bridges.bounded_answer import NOTICE, bounded_answer
from modeltap.errors import ModeltapError, needs_extra
from modeltap.printable import escaped
from modeltap.store.connection import connect_reader
from modeltap.store.exchange_search import ExchangeFilter

if TYPE_CHECKING:
    from mcp.server import MCPServer

_MOST_SECONDS = 10.0
"""The limit of one question, so that an agent cannot keep the processor busy."""

_INSTRUCTIONS = (
    "modeltap watches machine-learning models in production. Begin with `status`, then `alert` "
    f"with the id of an alert. Nothing can be changed here. {NOTICE}"
)


class AgentTools:
    """The tools: their docstrings and types are what an agent reads.

    Args:
        store: the SQLite file.
    """

    def __init__(self, store: Path) -> None:
        self._store = store

    def status(self, model: str | None = None) -> dict[str, Any]:
        """Health of each model: state, since when, why, traffic, open alerts. Begin here."""
        return self._answer(lambda connection: answers.status_answer(connection, model))

    def alerts(
        self, model: str | None = None, state: str = "firing", limit: int = 20
    ) -> dict[str, Any]:
        """Newest alerts. state: firing, resolved, no_data, error, pending or all."""
        return self._answer(
            lambda connection: answers.alerts_answer(connection, model, state, limit)
        )

    def alert(self, id: str) -> dict[str, Any]:  # noqa: A002
        """One alert: evidence, history, example exchanges, trace ids, and what its rule means."""
        return self._answer(lambda connection: answers.alert_answer(connection, id))

    def metrics(
        self,
        model: str,
        metric: str | None = None,
        feature: str | None = None,
        windows: int = 5,
    ) -> dict[str, Any]:
        """A metric in the last windows of a model. Without a metric: the names of all."""
        return self._answer(
            lambda connection: answers.metrics_answer(connection, model, metric, feature, windows)
        )

    def drift(self, model: str, feature: str | None = None, windows: int = 1) -> dict[str, Any]:
        """Features that differ from the reference, strongest first, each with a sentence."""
        return self._report("drift", model, feature, windows)

    def performance(self, model: str, windows: int = 5) -> dict[str, Any]:
        """Performance on labelled rows, and estimates, in the last windows of a model."""
        return self._report("performance", model, None, windows)

    def exchanges(
        self,
        model: str | None = None,
        status: str | None = None,
        text: str | None = None,
        prediction: str | None = None,
        alert: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 10,
        before: int | None = None,
    ) -> dict[str, Any]:
        """Newest requests that match, without bodies.

        status: ok, errors, client_errors or a number. text: occurs in a body. alert: examples of
        this alert. since, until: times such as 2026-05-01. before: `continue_before` of the last
        answer.
        """
        asked = ExchangeFilter(
            model=model,
            status=status,
            text=text,
            prediction=prediction,
            alert=alert,
            since=since,
            until=until,
            before=before,
        )
        return self._answer(lambda connection: answers.exchanges_answer(connection, asked, limit))

    def exchange(self, id: str) -> dict[str, Any]:  # noqa: A002
        """One request and its response as stored (masked), with predictions and labels."""
        return self._answer(lambda connection: answers.exchange_answer(connection, id))

    def explain(self, name: str) -> dict[str, Any]:
        """The meaning of an alert rule or a metric, and the first things to look at."""
        return self._answer(lambda _: guide(name))

    def _report(self, report: str, model: str, feature: str | None, windows: int) -> dict[str, Any]:
        return self._answer(
            lambda connection: answers.report_answer(connection, report, model, feature, windows)
        )

    def _answer(self, question: Callable[[sqlite3.Connection], dict[str, Any]]) -> dict[str, Any]:
        """Return a bounded answer; raise the SDK's error with one line for any failure."""
        from mcp.server.mcpserver.exceptions import ToolError

        try:
            with closing(connect_reader(self._store)) as connection:
                deadline = time.monotonic() + _MOST_SECONDS
                connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
                return bounded_answer(question(connection))
        except ModeltapError as error:
            raise ToolError(escaped(str(error))) from None
        except sqlite3.OperationalError as error:
            reason = "took too long; ask for less" if "interrupted" in str(error) else str(error)
            raise ToolError(f"the store: {reason}") from None


TOOLS = (
    "status",
    "alerts",
    "alert",
    "metrics",
    "drift",
    "performance",
    "exchanges",
    "exchange",
    "explain",
)


def agent_server(store: Path) -> MCPServer:
    """Return the server of a store.

    Raises `InputError`, with the command to type, if the extra is not installed.
    """
    with needs_extra("mcp", "the MCP server"):
        from mcp.server import MCPServer
        from mcp_types import ToolAnnotations
    server = MCPServer("modeltap", instructions=_INSTRUCTIONS)
    tools = AgentTools(store)
    for name in TOOLS:
        only_reads = ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        server.tool(name, annotations=only_reads)(getattr(tools, name))
    return server
