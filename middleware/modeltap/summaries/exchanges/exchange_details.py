"""One exchange in full: its bodies as text, and what other tables have about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from modeltap.analysis.costs.exchange_costs import ExchangeCost, exchange_cost
from modeltap.config.settings import Settings
from modeltap.decoding.batches import payload_of
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.output_tokens import is_completion, token_count_in
from modeltap.payload import Body, Decoded, Payload, parse_json
from modeltap.store.exchange_context import alerts_about, candidate_outputs, judge_answers_of
from modeltap.store.labels import labels_of
from modeltap.store.predictions import predictions_of
from modeltap.store.stored_exchanges import exchanges_by_id
from modeltap.summaries.exchanges.conversation import Conversation, conversation_in
from modeltap.summaries.exchanges.session_exchanges import Session, session_of

_LEAST_TEXT = 0.7
"""The least fraction of readable characters in bytes that are shown as text."""


@dataclass(frozen=True)
class ExchangeDetails:
    """An exchange and everything about it, each list in the order of its table.

    Attributes:
        exchange: all columns; bodies are decompressed, and bytes that are mostly text are text.
        not_utf8: the names of bodies whose bytes are not UTF-8; broken ones are replaced.
        chunks: when lines of a streamed response came, with their text.
        trace_url: the address of its trace in a tracing system.
    """

    exchange: dict[str, Any]
    not_utf8: tuple[str, ...]
    predictions: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    candidates: list[dict[str, Any]]
    judge_answers: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    chunks: list[dict[str, Any]]
    stream: Mapping[str, Any]
    conversation: Conversation | None
    cost: ExchangeCost | None
    session: Session | None
    trace_url: str | None


def exchange_details(
    connection: sqlite3.Connection, stored: Mapping[str, Any], settings: Settings
) -> ExchangeDetails:
    """Return an exchange with everything that the store has about it.

    Args:
        stored: all columns of the exchange.
        settings: those of its model.
    """
    id_ = stored["id"]
    (own,) = exchanges_by_id(connection, [id_])
    payload = payload_of(own, settings.mapping)
    decoded = _decoded(payload)
    exchange = dict(stored)
    not_utf8 = tuple(
        name for name in ("request_body", "response_body") if _put_text(exchange, name, payload)
    )
    facts = parse_json(stored["stream"])
    stream = facts if isinstance(facts, dict) else {}
    return ExchangeDetails(
        exchange=exchange,
        not_utf8=not_utf8,
        predictions=predictions_of(connection, id_),
        labels=labels_of(connection, id_),
        candidates=candidate_outputs(connection, id_),
        judge_answers=judge_answers_of(connection, id_),
        alerts=alerts_about(connection, id_),
        chunks=chunks_of(stream, exchange["response_body"]),
        stream=stream,
        conversation=conversation_in(payload, decoded),
        cost=_cost(decoded, settings),
        session=session_of(connection, exchange),
        trace_url=trace_url(settings.dashboard_trace_url, stored["trace_id"]),
    )


def trace_url(template: str | None, trace_id: str | None) -> str | None:
    """Return the address of a trace; None without a trace, or without a template.

    >>> trace_url("http://jaeger/trace/{trace_id}", "0af7/../x")
    'http://jaeger/trace/0af7%2F..%2Fx'
    """
    if not template or not trace_id:
        return None
    return template.replace("{trace_id}", quote(trace_id.encode("utf-8", "replace"), safe=""))


def chunks_of(stream: Mapping[str, Any], body: Body) -> list[dict[str, Any]]:
    r"""Return when the lines of a streamed response came, with the text of each part.

    >>> chunks_of({"lines": [[5.0, 1], [9.5, 3]]}, "a\nb\nc")
    [{'ms': 5.0, 'lines': 1, 'text': 'a'}, {'ms': 9.5, 'lines': 3, 'text': 'b\nc'}]
    """
    lines = body.split("\n") if isinstance(body, str) else []
    chunks, before = [], 0
    for pair in stream.get("lines") or ():
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], int)):
            continue
        milliseconds, complete = pair
        text = "\n".join(lines[before:complete])
        chunks.append({"ms": milliseconds, "lines": complete, "text": text})
        before = complete
    return chunks


@cache
def _decoders() -> Decoders:
    """Return the decoders of this process; finding the plugins takes some time."""
    return Decoders()


def _decoded(payload: Payload) -> Decoded:
    failed = payload.status is not None and payload.status >= 400
    return Decoded() if failed else _decoders().decode(payload)


def _cost(decoded: Decoded, settings: Settings) -> ExchangeCost | None:
    answer = decoded.answers[0] if decoded.answers else {}
    if not settings.prices or not is_completion(answer):
        return None
    return exchange_cost(token_count_in(answer), settings.prices)


def _put_text(exchange: dict[str, Any], name: str, payload: Payload) -> bool:
    """Replace a body by its plain form; return True if its bytes are text with broken parts."""
    body = payload.request if name == "request_body" else payload.response
    if isinstance(body, bytes):
        text = body.decode("utf-8", "replace")
        readable = sum(character.isprintable() or character in "\r\n\t" for character in text)
        readable -= text.count("\ufffd")
        if text and readable >= _LEAST_TEXT * len(text):
            exchange[name] = text
            return "\ufffd" in text
    exchange[name] = body
    return False
