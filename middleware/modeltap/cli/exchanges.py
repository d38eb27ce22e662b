"""The `tail` and `show` commands: recent exchanges, and one exchange in full."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import click

from modeltap.cli.common import (
    check_model,
    json_option,
    model_option,
    read_store,
    store_option,
    store_path,
)
from modeltap.cli.following import Following
from modeltap.errors import InputError
from modeltap.output import (
    cell,
    columns_beside,
    echo,
    echo_cut,
    echo_paragraph,
    emit,
    emit_json,
    is_fitted,
)
from modeltap.printable import escaped
from modeltap.store.exchanges import (
    find_full_exchanges,
    last_full_exchanges,
    newest_exchange,
)
from modeltap.store.labels import labels_of
from modeltap.store.predictions import predictions_of
from modeltap.store.stored_exchanges import exchanges_by_id
from modeltap.store.token_counts import token_count_of
from modeltap.text_width import width
from modeltap.wording import shortened

_POLL_SECONDS = 0.3
"""Short enough to look immediate; each poll is one indexed query."""

_SHOWN_CHARACTERS = 60
"""Characters shown of each body, so that a line with two bodies fits a wide terminal."""

_LEAST_OF_BODIES = 20
"""Columns beside the rest of a line in which bodies still say something."""


@click.command()
@store_option
@model_option()
@click.option(
    "-n",
    "--last",
    default=10,
    type=click.IntRange(0),
    show_default=True,
    help="Number of stored exchanges to print first.",
)
@click.option(
    "--follow/--no-follow",
    default=True,
    show_default=True,
    help="Keep printing new exchanges as they arrive.",
)
@json_option
def tail(store: str | None, model: str | None, last: int, follow: bool, as_json: bool) -> None:
    """Print the latest exchanges, and new ones as they arrive.

    Ctrl-C ends it; it goes on if the store is replaced. On a terminal each exchange
    has one line, or two if it is narrow; a pipe gets complete lines, and --json all columns.

    \b
    Example:
      modeltap tail --model flights -n 20 --no-follow
    """
    connection = read_store(store)
    check_model(connection, model)
    try:
        rows = last_full_exchanges(connection, model, last)
        following = Following(
            store_path(store), connection, model, newest_exchange(connection), _note
        )
        _print(rows, as_json)
        while follow:
            rows = following.read()
            _print(rows, as_json)
            if not rows:
                time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:  # Ctrl-C is how it ends, without a message
        if is_fitted(err=True):
            echo("", err=True)  # the prompt begins on a line of its own, after the ^C
        raise click.exceptions.Exit(130) from None


def _note(text: str) -> None:
    echo_paragraph(text, first="modeltap: ", later="  ", err=True)


@click.command()
@click.argument("id")
@store_option
@json_option
def show(id: str, store: str | None, as_json: bool) -> None:  # noqa: A002
    """Show one exchange in full, with its predictions and labels.

    ID is the exchange's id, the beginning of it, or the caller's request id.

    \b
    Example:
      modeltap show 0192f3c1
    """
    connection = read_store(store)
    rows = find_full_exchanges(connection, id)
    if not rows:
        raise InputError(f"no exchange {id!r} in this store; `modeltap tail` lists the latest")
    if len(rows) > 1:
        raise InputError(f"several exchange ids begin with {id!r}; give more characters of the id")
    exchange = dict(rows[0])
    exchange["predictions"] = predictions_of(connection, exchange["id"])
    exchange["labels"] = labels_of(connection, exchange["id"])
    exchange["rows"] = list(_decoded(connection, exchange["id"]))
    exchange |= _cost(connection, exchange["id"], exchange["model"])
    if as_json:
        emit_json(exchange)
        return
    for name, value in exchange.items():
        if isinstance(value, list) and value:
            echo(name)
            for entry in value:
                echo_paragraph(json.dumps(entry, ensure_ascii=False), first="  ", later="    ")
        elif value not in (None, []):
            text = [_stream(value)] if name == "stream" else _pretty(value)
            first, *more = text
            echo(f"{name:19} {first}", *more)


def _decoded(connection: sqlite3.Connection, exchange_id: str) -> Iterator[dict[str, Any]]:
    """Decode an exchange with the current settings and yield its rows."""
    from modeltap.decoding.batches import read  # imports NumPy, which `tail` does not need
    from modeltap.decoding.decoders import Decoders
    from modeltap.rows import as_dict
    from modeltap.store.settings import SettingsReader

    exchanges = exchanges_by_id(connection, [exchange_id])
    settings = SettingsReader(connection).for_model(exchanges[0].model)
    batch = read(exchanges, settings, Decoders(), connection)
    for place, row in enumerate(batch.rows):
        fields = {
            "features": as_dict(row),
            "prediction": batch.predictions[place],
            "score": batch.scores[place],
            "probabilities": batch.probabilities[place],
            "answer": batch.answers[place],
        }
        yield {name: value for name, value in fields.items() if value is not None}


def _cost(connection: sqlite3.Connection, exchange_id: str, model: str) -> dict[str, Any]:
    """Return the cost of an exchange, or why it has none; nothing without a price table."""
    from modeltap.analysis.costs.exchange_costs import exchange_cost
    from modeltap.store.settings import SettingsReader

    prices = SettingsReader(connection).for_model(model).prices
    count = token_count_of(connection, exchange_id) if prices else None
    if count is None:
        return {}
    own = exchange_cost(count, prices)
    return {"cost": own.cost, "cost_note": own.reason}


def _print(rows: list[sqlite3.Row], as_json: bool) -> None:
    if as_json:
        emit((dict(row) for row in rows), (), as_json=True, empty="")
        return
    for row in rows:
        head = (
            f"{row['started_at'][:19].replace('T', ' ')}  {row['model']}  "
            f"{row['method']} {row['path']}  {row['status'] or '-'}  {_took(row['duration_ms'])}"
        )
        bodies = f"{_brief(row['request_body'])} -> {_brief(row['response_body'])}"
        id_line = f"    {row['id']}  "
        if _has_room(f"{head}  {row['id']}  ", _LEAST_OF_BODIES) or not _has_room(id_line, 1):
            echo_cut(f"{head}  {row['id']}  {bodies}")
        else:  # the id is there to be copied, so it is not cut
            echo_cut(head)
            echo_cut(bodies, first=id_line)


def _has_room(text: str, columns: int) -> bool:
    """Return whether standard output has so many columns beside a text; a pipe has."""
    room = columns_beside(width(escaped(text)))
    return room is None or room >= columns


def _took(duration_ms: float | None) -> str:
    return "-" if duration_ms is None else f"{cell(duration_ms)} ms"


def _brief(body: Any) -> str:
    text = cell(body) if isinstance(body, bytes) else " ".join(str(body or "-").split())
    return shortened(text, _SHOWN_CHARACTERS)


def _stream(text: str) -> str:
    """Summarize a streamed response on one line, without its hundreds of chunk times.

    >>> _stream('{"chunks":3,"gap_p50_ms":1.0,"gap_max_ms":2.5,"lines":[[5.0,1],[9.5,4]]}')
    '3 chunks, gap_p50_ms 1, gap_max_ms 2.5; 4 lines, from 5 to 9.5 ms'
    """
    facts = json.loads(text)
    gaps = "".join(f", {name} {cell(facts[name])}" for name in facts if name.startswith("gap_"))
    summary = f"{facts.get('chunks')} chunks{gaps}"
    lines = facts.get("lines")
    if not lines:
        return summary
    return f"{summary}; {lines[-1][1]} lines, from {cell(lines[0][0])} to {cell(lines[-1][0])} ms"


def _pretty(value: Any) -> list[str]:
    """Return a value's lines: JSON is indented, any other text stays on one line."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False).split("\n")
        except ValueError:
            return [value]
    return [value if isinstance(value, str) else cell(value)]
