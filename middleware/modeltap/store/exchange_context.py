"""Rows of other tables about one exchange, and other exchanges of its session."""

from __future__ import annotations

import sqlite3
from typing import Any

MOST_LISTED = 50
"""Exchanges of a session that are listed."""

_NEARBY = 2_000
"""Exchanges before and after one that are searched for those of its session."""

_LISTED = "seq, id, started_at, method, path, status, error_type, duration_ms"


def candidate_outputs(connection: sqlite3.Connection, exchange_id: str) -> list[dict[str, Any]]:
    """Return the predictions of candidates for an exchange, beside the status of their requests."""
    rows = connection.execute(
        "select p.candidate, p.row, p.prediction, p.score, r.source, r.status, r.duration_ms, "
        "r.error, r.sent_at from predictions p left join candidate_requests r "
        "on r.exchange_id = p.exchange_id and r.candidate = p.candidate "
        "where p.exchange_id = ?1 and p.candidate <> '' union all "
        "select candidate, null, null, null, source, status, duration_ms, error, sent_at "
        "from candidate_requests where exchange_id = ?1 and rows = 0 order by 1, 2",
        (exchange_id,),
    )
    return list(map(dict, rows))


def judge_answers_of(connection: sqlite3.Connection, exchange_id: str) -> list[dict[str, Any]]:
    """Return the answers of language models that rated an exchange, in order."""
    rows = connection.execute(
        "select row, judge, choice, outcome, listed, is_label, at from judge_answers "
        "where exchange_id = ? order by seq",
        (exchange_id,),
    )
    return list(map(dict, rows))


def alerts_about(connection: sqlite3.Connection, exchange_id: str) -> list[dict[str, Any]]:
    """Return the alerts that have an exchange among their examples, the newest first."""
    rows = connection.execute(
        "select a.id, a.rule, a.feature, a.state, a.started_at from alerts a "
        "where a.examples is not null and instr(a.examples, ?1) and exists "
        "(select 1 from json_each(a.examples) e where e.value = ?1) order by a.started_at desc",
        (exchange_id,),
    )
    return list(map(dict, rows))


def exchanges_of_trace(connection: sqlite3.Connection, trace_id: str) -> list[dict[str, Any]]:
    """Return the exchanges of a trace in order of arrival, at most `MOST_LISTED`."""
    rows = connection.execute(
        f"select {_LISTED} from exchanges where trace_id = ? order by seq limit ?",
        (trace_id, MOST_LISTED),
    )
    return list(map(dict, rows))


def exchanges_naming(
    connection: sqlite3.Connection, seq: int, model: str, value: str
) -> list[dict[str, Any]]:
    """Return the exchanges of a model around one whose request has a value in its text.

    They have `request_body` and `request_headers`, too, so that the value can be looked up there.
    """
    rows = connection.execute(
        f"select {_LISTED}, request_body, request_headers from exchanges "
        "where seq between ? and ? and model = ? "
        "and (instr(request_body, ?4) or instr(request_headers, ?4)) order by abs(seq - ?5) "
        "limit ?6",
        (seq - _NEARBY, seq + _NEARBY, model, value, seq, MOST_LISTED),
    )
    return sorted(map(dict, rows), key=lambda row: row["seq"])
