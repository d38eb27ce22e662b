"""The pages of exchanges: a search whose filter is its address, and one exchange in full."""

from __future__ import annotations

import shlex
import sqlite3
from typing import Any

from starlette.requests import Request

from modeltap.dashboard.asked import Pages
from modeltap.dashboard.page_table import PageTable
from modeltap.errors import InputError
from modeltap.store.exchange_search import ExchangeFilter, neighbours, search_exchanges
from modeltap.store.exchanges import find_full_exchanges
from modeltap.store.labels import labels_of
from modeltap.store.models import known_models
from modeltap.store.predictions import predictions_of

_COLUMNS = (
    "started_at",
    "id",
    "model",
    "version",
    "method",
    "path",
    "status",
    "duration_ms",
    "predictions",
)
_FACTS_LEFT_OUT = ("request_body", "response_body", "seq", "id")


def exchanges_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the exchanges that match the address's filter."""
    asked = _filter(request)
    result = search_exchanges(connection, asked)
    pages = Pages.of(request)
    query = {k: v for k, v in request.query_params.items() if k not in ("before", "format")}
    older = None if result.older is None else pages.path("exchanges", **query, before=result.older)
    values = {
        "asked": asked,
        "models": known_models(connection),
        "result": result,
        "rows": [(row, pages.path("exchanges", row["id"])) for row in result.rows],
        "older": older,
        "action": pages.path("exchanges"),
    }
    return values, [PageTable("exchanges", _COLUMNS, result.rows)]


def exchange_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template for one exchange."""
    rows = find_full_exchanges(connection, request.path_params["id"])
    if len(rows) != 1:
        raise InputError(f"no exchange {request.path_params['id']!r} in this store")
    exchange = dict(rows[0])
    pages = Pages.of(request)
    before, after = neighbours(connection, exchange["seq"], exchange["model"])
    predictions = predictions_of(connection, exchange["id"])
    labels = labels_of(connection, exchange["id"])
    facts = [
        (name.replace("_", " "), value)
        for name, value in exchange.items()
        if name not in _FACTS_LEFT_OUT and value not in (None, "")
    ]
    values = {
        "exchange": exchange,
        "facts": facts,
        "predictions": predictions,
        "labels": labels,
        "before": None if before is None else pages.path("exchanges", before),
        "after": None if after is None else pages.path("exchanges", after),
        "model_url": pages.path("models", exchange["model"]),
        "curl": _curl(exchange),
    }
    return values, [PageTable("exchange", tuple(exchange), [exchange])]


def _filter(request: Request) -> ExchangeFilter:
    asked = request.query_params
    before = asked.get("before", "")
    if before and not before.isdecimal():
        raise InputError(f"before={before!r} is not the number of an exchange")
    return ExchangeFilter(
        model=asked.get("model") or None,
        version=asked.get("version") or None,
        path=asked.get("path") or None,
        status=asked.get("status") or None,
        text=asked.get("text") or None,
        prediction=asked.get("prediction") or None,
        labelled=asked.get("labelled") == "1",
        since=asked.get("since") or None,
        until=asked.get("until") or None,
        alert=asked.get("alert") or None,
        before=int(before) if before else None,
    )


def _curl(exchange: dict[str, Any]) -> str | None:
    """Return the command that sends the request again, as far as it is stored."""
    body = exchange["request_body"]
    if exchange["method"] is None or isinstance(body, bytes):
        return None
    query = f"?{exchange['query']}" if exchange["query"] else ""
    parts = ["curl", "-X", exchange["method"], f"http://HOST{exchange['path']}{query}"]
    if exchange["request_type"]:
        parts += ["-H", f"content-type: {exchange['request_type']}"]
    if body:
        parts += ["--data-raw", body]
    return " ".join(shlex.quote(part) for part in parts)
