"""The `doctor` command: checks of the installation, the settings, the store and the webhooks."""

from __future__ import annotations

import platform
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click

from modeltap.cli.common import json_option, store_option, store_path
from modeltap.cli.finding import MARK_COLOURS, MARKS, OK, PROBLEM, Finding
from modeltap.cli.model_findings import of_models
from modeltap.cli.otel import otel_findings
from modeltap.cli.shadow_report import shadow_findings
from modeltap.cli.webhook import sample_event
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.errors import ModeltapError
from modeltap.jobs.pipeline import Analyzer
from modeltap.notify.addresses import AddressError, check_host
from modeltap.notify.http import check_format
from modeltap.output import echo_paragraph, emit_json
from modeltap.store import damage, schema
from modeltap.store.child_runs import newest_failure
from modeltap.store.connection import connect
from modeltap.store.deliveries import failures
from modeltap.store.disk_use import disk_use
from modeltap.store.dropped import count_dropped
from modeltap.store.exchanges import count_exchanges, newest_start
from modeltap.store.file_mode import open_to_others
from modeltap.store.settings import stored_mode
from modeltap.wording import byte_size, plural

_AFTER_SETTINGS = "correct it in modeltap.toml or in the environment, then run `modeltap doctor`"
_TEST_WEBHOOK = "correct the webhook in modeltap.toml, then run `modeltap webhook test`"
_WITHOUT_STORE = (
    "name the file with --store; a watched app creates one in the folder where it was started, "
    "at its first request"
)
_DAMAGED = "restart the app: it moves the damaged file aside and starts a new one"
_AFTER_LOSSES = (
    "see the reasons in the table `dropped`; raise `max_queue_records` and `max_queue_bytes`, or "
    "record a part of the requests with `sample_rate`"
)


@click.command()
@store_option
@json_option
def doctor(store: str | None, as_json: bool) -> None:
    """Check the installation, and list what is not monitored.

    Checks the settings, the webhooks, the store, references, and the coverage of each model, and
    says what to do about each problem. Exits with 1 if there is one.

    \b
    Example:
      modeltap doctor --store modeltap.db
    """
    healthy = True
    for finding in _findings(store):
        healthy = healthy and finding.level != PROBLEM
        if as_json:
            emit_json(finding.row())
        else:
            _print(finding)
    if not healthy:
        raise click.exceptions.Exit(1)


def _print(finding: Finding) -> None:
    """Print a finding, and what to do about it."""
    mark, color = f"{MARKS[finding.level]} ", MARK_COLOURS[finding.level]
    indent = " " * len(mark)
    echo_paragraph(f"{finding.check}: {finding.finding}", first=mark, later=indent, color=color)
    if finding.to_do is not None:
        echo_paragraph(f"to do: {finding.to_do}", first=indent, later=indent)


def _findings(store: str | None) -> Iterator[Finding]:
    yield Finding(
        "versions",
        OK,
        f"modeltap schema {schema.VERSION}, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
    try:
        settings = sources.load()
    except ModeltapError as error:
        yield Finding("settings", PROBLEM, str(error), fix=_AFTER_SETTINGS)
        return
    yield Finding("settings", OK, "readable")
    yield from _webhooks(settings)
    path = store_path(store)
    try:
        connection = connect(path, create=False)
    except ModeltapError as error:
        yield Finding("store", PROBLEM, str(error), fix=_WITHOUT_STORE)
        return
    try:
        yield from _store(path, connection)
        yield from shadow_findings(connection, settings)
        yield from otel_findings(connection, settings)
    finally:
        connection.close()


def _webhooks(settings: Settings) -> Iterator[Finding]:
    for webhook in settings.webhooks:
        try:
            resolved = webhook.resolved()
        except ModeltapError as error:
            yield Finding("webhook", PROBLEM, str(error), fix=_AFTER_SETTINGS)
            continue
        error_text = _address_error(resolved)
        if error_text:
            problem = f"{webhook.key}: {error_text}"
            yield Finding("webhook", PROBLEM, problem, fix=_TEST_WEBHOOK)
            continue
        try:
            check_format(resolved, sample_event("test"))
        except ModeltapError as error:
            yield Finding("webhook", PROBLEM, f"{webhook.key}: {error}", fix=_TEST_WEBHOOK)
            continue
        signed = "signed" if resolved.secret else "no secret, so messages are not signed"
        yield Finding("webhook", OK, f"{webhook.key}, {signed}")


def _address_error(webhook: WebhookSettings) -> str | None:
    """Return why an IP address in the URL is forbidden, or None. Names are resolved later."""
    if webhook.format == "apprise":  # Apprise connects without our checks
        return None
    try:
        check_host(urlsplit(webhook.url).hostname or "", allow_private=webhook.allow_private)
    except AddressError as error:
        return str(error)
    return None


def _store(path: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    sound = damage.quick_check(connection)
    yield Finding(
        "store",
        OK if sound == "ok" else PROBLEM,
        f"{path}, {byte_size(disk_use(connection))}, integrity check: {sound}",
        fix=None if sound == "ok" else _DAMAGED,
    )
    yield _permissions(path, connection)
    yield from _contents(connection)
    waiting = Analyzer(path, connection, {}).unreachable_webhooks()
    for webhook, error, count in failures(connection):
        yield Finding(
            "deliveries",
            PROBLEM,
            f"{plural(count, 'message')} for {webhook} not delivered: {error}",
            fix=f"correct the URL or its receiver, then run `modeltap webhook test {webhook}` and "
            "`modeltap webhook replay`",
        )
    for webhook in waiting:
        yield Finding(
            "deliveries",
            OK,
            f"messages for {webhook} are pending: only the app knows the URL and can send them",
        )


def _permissions(path: Path, connection: sqlite3.Connection) -> Finding:
    """Report files that other users can access. Opening the store has fixed those we own."""
    allowed = stored_mode(connection)
    accessible = open_to_others(path, allowed)
    if accessible:
        fix = f"run chmod {allowed:o} {' '.join(map(str, accessible))}"
        return Finding("permissions", PROBLEM, f"other users have access; {fix}", fix=fix)
    return Finding("permissions", OK, f"mode {stat.S_IMODE(path.stat().st_mode):o}")


def _contents(connection: sqlite3.Connection) -> Iterator[Finding]:
    total = count_exchanges(connection)
    last = newest_start(connection) or "-"
    yield Finding("exchanges", OK, f"{total:,}, latest at {last}")
    lost = count_dropped(connection)
    yield Finding(
        "capture",
        OK if lost == 0 else PROBLEM,
        f"{plural(lost, 'exchange')} dropped" if lost else "no exchanges dropped",
        fix=_AFTER_LOSSES if lost else None,
    )
    yield from of_models(connection)
    failed = newest_failure(connection, "analyze")
    if failed is not None:
        lines = failed.log.strip().splitlines()
        yield Finding(
            "analysis",
            PROBLEM,
            f"failed at {failed.finished_at}: {lines[-1] if lines else 'no message'}",
            fix="run `modeltap analyze` to see whether it fails again, and why",
        )
