"""Golden sets: labelled rows of a store in a file, for comparing candidates without the store.

Each line is one row: its id, features, prediction and label. The first row of a request has the
request as well. `task`, `positive` and `decision_threshold` are on each line if they are known,
because the file may be read where the model's settings are not.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.analysis.counting.sample import choose
from modeltap.analysis.model.baseline import infer_task, is_unknown
from modeltap.comparison.compared_rows import StoredRows
from modeltap.comparison.several_outputs import SINGLE, by_output
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.errors import InputError, check_count
from modeltap.export.files import write_documents
from modeltap.export.json_text import json_text
from modeltap.privacy.marks import MASK
from modeltap.replaying.replay_progress import ShowProgress, no_progress
from modeltap.rows import as_dict
from modeltap.store.connection import connect_reader
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.models import require_model
from modeltap.store.stored_exchanges import StoredExchange, exchanges_by_id

_CHUNK = 500
"""Exchanges that are decoded at once."""

OnRowsRead = Callable[[int], None]
"""Called with the number of rows that were read since the last call."""


@dataclass(frozen=True)
class GoldenSet:
    """A golden set that was written.

    Args:
        path: the file.
        rows: the number of its rows.
        left_out: the rows that were left out, by reason, the most frequent first.
    """

    path: Path
    rows: int
    left_out: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as a dictionary for JSON."""
        return {"rows": self.rows, "left_out": self.left_out}


def write_dataset(
    store: Path,
    path: str | Path,
    *,
    model: str,
    since: str | None = None,
    version: str | None = None,
    limit: int | None = None,
    show_progress: ShowProgress = no_progress,
) -> GoldenSet:
    """Write the labelled rows of a model in a store to a golden set.

    The arguments are those of `modeltap.dataset`.
    """
    _check_name(Path(path))
    start = clock.stored_time(since)
    if limit is not None:
        check_count(limit, "limit")
    with closing(connect_reader(store)) as connection:
        require_model(connection, model)
        source = StoredRows(connection, model, since=start, version=version)
        with show_progress(len(source.rows)) as on_read:
            return write_golden_set(connection, source, Path(path), limit=limit, on_read=on_read)


def write_golden_set(
    connection: sqlite3.Connection,
    source: StoredRows,
    path: Path,
    *,
    limit: int | None = None,
    on_read: OnRowsRead = lambda _: None,
) -> GoldenSet:
    """Write the labelled rows of a model as JSON Lines; return how many.

    Rows without a label, and rows whose request is masked, truncated or deleted, are left out and
    counted.

    Args:
        limit: the number of rows, chosen evenly by a hash of their ids; None for all.

    Raises `InputError` if `path` is not a file of JSON Lines, or if no row is left.
    """
    _check_name(path)
    rows = [row for row in source.rows if not is_unknown(row.label)]
    left_out = Counter({"rows without a label": len(source.rows) - len(rows)})
    if limit is not None and len(rows) > limit:
        keys = [(row.exchange_id, row.row) for row in rows]
        rows = [rows[place] for place in choose(keys, limit)]
    common = _common(source, rows)
    batches = _batches(connection, source, rows, left_out, common, on_read)
    first = next(batches, [])
    if not first:
        raise InputError(f"model {source.model!r}: no row for a golden set{_reasons(left_out)}")
    written = write_documents(path, _all(first, batches))
    return GoldenSet(path, written, dict((+left_out).most_common()))


def _check_name(path: Path) -> None:
    if not path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        raise InputError(f"file {path.name!r}: a golden set is a .jsonl or .jsonl.gz file")


def _all(first: list[Any], rest: Iterator[list[Any]]) -> Iterator[list[Any]]:
    yield first
    yield from rest


def _common(source: StoredRows, rows: Sequence[LabelledPrediction]) -> dict[str, Any]:
    """Return what each line says about the model."""
    form = source.form
    is_single = SINGLE in by_output(rows)
    task = form.task or (form.baseline.task if form.baseline and is_single else None)
    if task is None and is_single:
        task = infer_task([row.label for row in rows], [row.prediction for row in rows])
    common: dict[str, Any] = {"model": source.model}
    if task is not None:
        common["task"] = task
    if form.form.positive is not None:
        common["positive"] = form.form.positive
    if form.form.decision_threshold != type(form.form)().decision_threshold:
        common["decision_threshold"] = form.form.decision_threshold
    return common


def _batches(
    connection: sqlite3.Connection,
    source: StoredRows,
    rows: Sequence[LabelledPrediction],
    left_out: Counter[str],
    common: dict[str, Any],
    on_read: OnRowsRead,
) -> Iterator[list[dict[str, Any]]]:
    """Yield the lines, a few hundred at a time; count the rows that are left out."""
    by_exchange: dict[str, dict[int, LabelledPrediction]] = {}
    for row in rows:
        by_exchange.setdefault(row.exchange_id, {})[row.row] = row
    ids, decoders = list(by_exchange), Decoders()
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        exchanges = {own.id: own for own in exchanges_by_id(connection, part)}
        batch = read(list(exchanges.values()), source.settings, decoders, connection)
        keys = zip(batch.ids, batch.row_numbers, strict=True)
        features = dict(zip(keys, map(as_dict, batch.rows), strict=True))
        lines: list[dict[str, Any]] = []
        for own_id in part:
            exchange, has_request = exchanges.get(own_id), False
            for number, row in by_exchange[own_id].items():
                own = features.get((own_id, number))
                reason = _reason(exchange, own)
                if reason is not None or exchange is None or own is None:
                    left_out[reason or ""] += 1
                    continue
                line = _line(row, own, common)
                if not has_request:
                    line["request"], has_request = _request(exchange), True
                lines.append(line)
        on_read(sum(len(by_exchange[own_id]) for own_id in part))
        if lines:
            yield lines


def _reason(exchange: StoredExchange | None, features: dict[str, Any] | None) -> str | None:
    """Return why a row is left out; None if it is not."""
    if exchange is None:
        return "rows whose request is deleted"
    if exchange.request_truncated:
        return "rows whose request is truncated"
    if features is None:
        return "rows whose request cannot be decoded"
    body = exchange.request_body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    if MASK in text or MASK in json_text(features):
        return "rows with masked values"
    return None


def _line(
    row: LabelledPrediction, features: dict[str, Any], common: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": row.exchange_id,
        "row": row.row,
        "event_time": row.event_time,
        **common,
        "features": features,
        "prediction": row.prediction,
        "score": row.score,
        "label": row.label,
    }


def _request(exchange: StoredExchange) -> dict[str, Any]:
    """Return what is needed to send a request again."""
    body = exchange.request_body
    request: dict[str, Any] = {
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "content_type": exchange.request_type,
    }
    if exchange.request_encoding:
        request["content_encoding"] = exchange.request_encoding
    if exchange.request_headers:
        request["headers"] = json.loads(exchange.request_headers)
    if isinstance(body, bytes):
        return {**request, "body_base64": base64.b64encode(body).decode()}
    return {**request, "body": body}


def _reasons(left_out: Counter[str]) -> str:
    reasons = [f"{count:,} {reason}" for reason, count in left_out.most_common() if count]
    return f": {', '.join(reasons)}" if reasons else "; it has no labels"
