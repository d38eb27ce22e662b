"""`doctor`: is everything as it should be, and if not, what mends it."""

from __future__ import annotations

import platform
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from modeltap.cli.options import json_option, store_option, store_path
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.decoding.batches import ANSWERED_ELSEWHERE
from modeltap.errors import ModeltapError
from modeltap.jobs.pipeline import Analyzer
from modeltap.notify.addresses import AddressError, check
from modeltap.output import emit_json
from modeltap.payload import NO_PREDICTION, parse_json
from modeltap.store import schema
from modeltap.store.connection import connect
from modeltap.wording import plural

_REASONS = 5
"""How many reasons are told."""
_NAMED = 8
"""How many fields of an answer are named."""

Finding = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was seen or mends it."""


@click.command()
@store_option
@json_option
def doctor(store: str | None, as_json: bool) -> None:
    """Look at the installation, the settings, the store and the webhooks."""
    well = True
    for name, good, text in _findings(store):
        well = well and good
        if as_json:
            emit_json({"check": name, "ok": good, "finding": text})
        else:
            click.echo(f"{'ok  ' if good else 'BAD '} {name}: {text}")
    if not well:
        raise click.exceptions.Exit(1)


def _findings(store: str | None) -> Iterator[Finding]:
    yield (
        "versions",
        True,
        f"modeltap schema {schema.VERSION}, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
    try:
        settings = sources.load()
    except ModeltapError as error:
        yield "settings", False, str(error)
        return
    yield "settings", True, "readable"
    yield from _webhooks(settings)
    path = store_path(store)
    try:
        connection = connect(path, create=False)
    except ModeltapError as error:
        yield "store", False, str(error)
        return
    try:
        yield from _store(path, connection)
    finally:
        connection.close()


def _webhooks(settings: Settings) -> Iterator[Finding]:
    for webhook in settings.webhooks:
        try:
            resolved = webhook.resolved()
        except ModeltapError as error:
            yield "webhook", False, str(error)
            continue
        refused = _refused(resolved)
        if refused:
            yield "webhook", False, f"{webhook.key}: {refused}"
            continue
        signed = "signed" if resolved.secret else "without a secret, so its messages are not signed"
        yield "webhook", True, f"{webhook.key}, {signed}"


def _refused(webhook: WebhookSettings) -> str | None:
    """Say why the address that stands in a URL may not be reached; a name's is known later."""
    if webhook.format == "apprise":  # its library posts, and asks nobody
        return None
    host = urlsplit(webhook.url).hostname or ""
    try:
        check("127.0.0.1" if host == "localhost" else host, allow_private=webhook.allow_private)
    except AddressError as error:
        return str(error)
    except ValueError:
        pass  # a name
    return None


def _store(path: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    sound = connection.execute("pragma quick_check(1)").fetchone()[0]
    yield ("store", sound == "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB, {sound}")
    mode = stat.S_IMODE(path.stat().st_mode)
    yield (
        "permissions",
        mode & 0o077 == 0,
        f"mode {mode:o}"
        if mode & 0o077 == 0
        else f"mode {mode:o} lets others read the bodies; say chmod 600 {path}",
    )
    yield from _contents(connection)
    waiting = Analyzer(path, connection, {}).undeliverable()
    failing = connection.execute(
        "select webhook, last_error, count(*) from deliveries where state <> 'delivered' and "
        "attempts > 0 group by 1, 2"
    ).fetchall()
    for webhook, error, count in failing:
        yield (
            "deliveries",
            False,
            f"{plural(count, 'message')} for {webhook} not delivered: {error}",
        )
    for webhook in waiting:
        yield "deliveries", True, f"messages for {webhook} wait for the app, which knows its URL"


def _decoding(connection: sqlite3.Connection, total: int) -> Iterator[Finding]:
    """Say what could not be read in bodies, and why: the commonest reasons with their counts."""
    noted = connection.execute(
        "select decode_note, sum(decoded = 0) as unread, count(*) as times from exchanges "
        "where decode_note is not null and decode_note <> ? and (status is null or status < 400) "
        "group by 1 order by times desc",
        (ANSWERED_ELSEWHERE,),
    ).fetchall()
    if not noted:
        return
    unread, times = (sum(row[name] for row in noted) for name in ("unread", "times"))
    reasons = "; ".join(f"{row['times']:,}x {row['decode_note']}" for row in noted[:_REASONS])
    if any(row["decode_note"] == NO_PREDICTION for row in noted[:_REASONS]):
        reasons += _unmapped(connection)
    yield (
        "decoding",
        times < 0.5 * total,
        f"{unread:,} exchanges hold no rows that are understood, {times - unread:,} lack "
        f"something: {reasons}",
    )


def _unmapped(connection: sqlite3.Connection) -> str:
    """Name the fields of the last answer that no prediction was found in, and what to write."""
    row = connection.execute(
        "select model, response_body from exchanges where decode_note = ? "
        "order by seq desc limit 1",
        (NO_PREDICTION,),
    ).fetchone()
    document = parse_json(row["response_body"])
    if type(document) is not dict or not document:
        return ""
    numbers = [name for name, value in document.items() if type(value) in (int, float)]
    names = list(document)
    return (
        f"; answers of {row['model']} have {', '.join(names[:_NAMED])}: say in modeltap.toml which "
        f"is the prediction, under [models.{row['model']}.mapping] "
        f'prediction = "{(numbers or names)[0]}"'
    )


def _contents(connection: sqlite3.Connection) -> Iterator[Finding]:
    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()[0]

    total = one("select count(*) from exchanges")
    last = one("select max(started_at) from exchanges") or "-"
    yield "exchanges", True, f"{total:,}, the last at {last}"
    yield from _decoding(connection, total)
    lost = one("select sum(count) from dropped") or 0
    yield (
        "capture",
        lost == 0,
        f"{lost:,} exchanges were dropped" if lost else "nothing was dropped",
    )
    references = one('select count(*) from "references" where active')
    yield (
        "references",
        True,
        f"{references} frozen"
        if references
        else ("none yet: the first rows become one, or `modeltap reference set` does"),
    )
    failed = connection.execute(
        "select finished_at, log from runs where job = 'analyze' and exit <> 0 and id > "
        "(select max(id) - 5 from runs) order by id desc limit 1"
    ).fetchone()
    if failed is not None:
        lines = (failed[1] or "").strip().splitlines()
        yield "analysis", False, f"failed at {failed[0]}: {lines[-1] if lines else 'no message'}"
