"""The pages of exchanges: a search whose filter is its address, and one exchange in full."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from modeltap import clock
from modeltap.dashboard.asked import Pages, name_meant
from modeltap.dashboard.page_table import PageTable
from modeltap.dashboard.pages.body_texts import fitting, shown_body
from modeltap.dashboard.pages.curl_command import curl_command
from modeltap.errors import InputError
from modeltap.payload import parse_json
from modeltap.store.exchange_search import (
    ANY_ALERT,
    STATUSES,
    ExchangeFilter,
    neighbours,
    search_exchanges,
)
from modeltap.store.exchanges import find_full_exchanges
from modeltap.store.models import ModelVersion, check_model, known_models
from modeltap.store.settings import SettingsReader
from modeltap.store.text import read_broken_text
from modeltap.summaries.exchanges.conversation import Conversation
from modeltap.summaries.exchanges.exchange_details import ExchangeDetails, exchange_details

_COLUMNS = (
    "started_at",
    "id",
    "model",
    "version",
    "environment",
    "method",
    "path",
    "status",
    "error_type",
    "duration_ms",
    "predictions",
)
_FACTS_LEFT_OUT = ("request_body", "response_body", "seq", "id", "stream")
_TABLES = {
    "predictions": ("row", "prediction", "score", "probabilities", "event_time"),
    "labels": ("row", "value", "source", "key", "labelled_at", "received_at"),
    "candidates": (
        "candidate",
        "row",
        "prediction",
        "score",
        "source",
        "status",
        "duration_ms",
        "error",
        "sent_at",
    ),
    "judge_answers": ("row", "choice", "outcome", "listed", "is_label", "judge", "at"),
    "alerts": ("id", "rule", "feature", "state", "started_at"),
    "chunks": ("ms", "lines", "text"),
}
_SESSION = ("started_at", "id", "method", "path", "status", "error_type", "duration_ms")
_TURNS = ("role", "text", "calls", "notes", "is_output")

_LARGEST_SEQ = 2**63 - 1


def exchanges_page(
    connection: sqlite3.Connection, request: Request
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template, and the exchanges that match the address's filter."""
    read_broken_text(connection)
    models = known_models(connection)
    asked = _filter(request, models)
    check_model(connection, asked.model)
    result = search_exchanges(connection, asked)
    pages = Pages.of(request)
    query = {k: v for k, v in request.query_params.items() if k not in ("before", "format")}
    older = None if result.older is None else pages.path("exchanges", **query, before=result.older)
    values = {
        "asked": asked,
        "query": request.query_params,
        "any_alert": ANY_ALERT,
        "models": models,
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
    read_broken_text(connection)
    stored = _asked_exchange(connection, request.path_params["id"])
    settings = SettingsReader(connection).for_model(stored["model"])
    details = exchange_details(connection, stored, settings)
    exchange = details.exchange
    pages = Pages.of(request)
    before, after = neighbours(connection, exchange["seq"], exchange["model"])
    tables = _tables(details)
    headers = parse_json(exchange["request_headers"])
    values = {
        "exchange": exchange,
        "details": details,
        "model_url": pages.model(ModelVersion(exchange["model"], "")),
        "by_name": {table.name: table for table in tables},
        "facts": _facts(exchange),
        "request_text": shown_body(exchange["request_body"]),
        "response_text": shown_body(exchange["response_body"]),
        "turns": fitting(_turns(details.conversation), "text", "calls"),
        "chunks": fitting(details.chunks, "text"),
        "before": None if before is None else pages.path("exchanges", before),
        "after": None if after is None else pages.path("exchanges", after),
        "curl": curl_command(exchange, headers if isinstance(headers, dict) else {}),
    }
    return values, tables


def _asked_exchange(connection: sqlite3.Connection, id_: str) -> Mapping[str, Any]:
    rows = find_full_exchanges(connection, id_) if id_ else []
    if len(rows) > 1:
        raise InputError(f"several exchanges match {id_!r}; give the whole id")
    if not rows:
        raise InputError(
            f"no exchange {id_!r} in this store; it may be older than the retention, or erased"
        )
    return dict(rows[0])


def _facts(exchange: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, value in exchange.items()
        if name not in _FACTS_LEFT_OUT and value not in (None, "")
    ]


def _tables(details: ExchangeDetails) -> list[PageTable]:
    tables = [PageTable("exchange", tuple(details.exchange), [details.exchange])]
    tables += [
        PageTable(name, columns, getattr(details, name)) for name, columns in _TABLES.items()
    ]
    session = details.session.exchanges if details.session else []
    tables.append(PageTable("session", _SESSION, session))
    return [*tables, PageTable("conversation", _TURNS, _turns(details.conversation))]


def _turns(conversation: Conversation | None) -> Sequence[dict[str, Any]]:
    return [
        {
            "role": turn.role,
            "text": turn.text,
            "calls": "\n".join(f"{call.name}({call.arguments})" for call in turn.calls),
            "notes": ", ".join(turn.notes),
            "is_output": turn.is_output,
        }
        for turn in (conversation.turns if conversation else ())
    ]


def _filter(request: Request, models: Sequence[str]) -> ExchangeFilter:
    asked = request.query_params
    before = asked.get("before", "")
    if before and not before.isdecimal():
        raise InputError(f"before={before!r} is not the number of an exchange")
    status = asked.get("status") or None
    if status and status not in STATUSES and not (status.isdecimal() and len(status) == 3):
        names = ", ".join(STATUSES)
        raise InputError(f"status={status!r} is not valid; use {names}, or a number such as 404")
    return ExchangeFilter(
        model=name_meant(asked.get("model", ""), models) or None,
        version=asked.get("version") or None,
        path=asked.get("path") or None,
        status=status,
        text=asked.get("text") or None,
        prediction=asked.get("prediction") or None,
        labelled=asked.get("labelled") == "1",
        since=clock.stored_time(asked.get("since", "").strip() or None),
        until=clock.stored_time(asked.get("until", "").strip() or None, "until"),
        alert=asked.get("alert") or None,
        before=min(int(before[:20]), _LARGEST_SEQ) if before else None,
    )
