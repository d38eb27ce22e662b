"""`doctor`: check the installation, the settings, the store and the webhooks."""

from __future__ import annotations

import platform
import re
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from modeltap import clock
from modeltap.analysis.model.local_times import zone_ahead
from modeltap.analysis.model.monitored import notice
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.overview import overviews
from modeltap.cli.common import json_option, store_option, store_path
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.decoding.answer_names import candidates
from modeltap.decoding.batches import ANSWERED_ELSEWHERE
from modeltap.errors import ModeltapError
from modeltap.jobs.pipeline import Analyzer
from modeltap.notify.addresses import AddressError, check_host
from modeltap.output import emit_json, say
from modeltap.payload import NO_PREDICTION, parse_json
from modeltap.store import damage, schema
from modeltap.store.child_runs import newest_failure
from modeltap.store.connection import connect
from modeltap.store.deliveries import failures
from modeltap.store.dropped import count_dropped
from modeltap.store.exchanges import count_exchanges, newest_start
from modeltap.store.file_mode import open_to_others
from modeltap.store.references import active_references
from modeltap.store.settings import SettingsReader, stored_mode
from modeltap.store.stored_exchanges import decode_problems, newest_with_note
from modeltap.wording import plural

_REASONS = 5
"""Reasons that are reported."""
_NAMED = 8
"""Fields of a response that are named."""

Finding = tuple[str, bool, str]
"""The name of a check, whether it passed, and the finding or its fix."""


@click.command()
@store_option
@json_option
def doctor(store: str | None, as_json: bool) -> None:
    """Check the installation, the settings, the store and the webhooks."""
    well = True
    for name, good, text in _findings(store):
        well = well and good
        if as_json:
            emit_json({"check": name, "ok": good, "finding": text})
        else:
            say(f"{'ok  ' if good else 'BAD '} {name}: {text}")
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
    try:
        check_host(urlsplit(webhook.url).hostname or "", allow_private=webhook.allow_private)
    except AddressError as error:
        return str(error)
    return None


def _store(path: Path, connection: sqlite3.Connection) -> Iterator[Finding]:
    sound = damage.quick_check(connection)
    yield ("store", sound == "ok", f"{path}, {path.stat().st_size / 1e6:.1f} MB, {sound}")
    yield _permissions(path, connection)
    yield from _contents(connection)
    waiting = Analyzer(path, connection, {}).unreachable_webhooks()
    for webhook, error, count in failures(connection):
        yield (
            "deliveries",
            False,
            f"{plural(count, 'message')} for {webhook} not delivered: {error}",
        )
    for webhook in waiting:
        yield "deliveries", True, f"messages for {webhook} wait for the app, which knows its URL"


def _permissions(path: Path, connection: sqlite3.Connection) -> Finding:
    """Report files that others have access to: those that are ours lost it when it was opened."""
    allowed = stored_mode(connection)
    left = open_to_others(path, allowed)
    if left:
        named = " ".join(map(str, left))
        return "permissions", False, f"others have access; say chmod {allowed:o} {named}"
    return "permissions", True, f"mode {stat.S_IMODE(path.stat().st_mode):o}"


def _decoding(connection: sqlite3.Connection, total: int) -> Iterator[Finding]:
    """Report what could not be read in bodies, and why: the commonest reasons with their counts."""
    problems = decode_problems(connection, except_for=ANSWERED_ELSEWHERE)
    if not problems:
        return
    unread = sum(problem.unread for problem in problems)
    times = sum(problem.times for problem in problems)
    reasons = "; ".join(f"{one.times:,}x {one.reason}" for one in problems[:_REASONS])
    if any(problem.reason == NO_PREDICTION for problem in problems[:_REASONS]):
        reasons += _unmapped(connection)
    yield (
        "decoding",
        times < 0.5 * total,
        f"{unread:,} exchanges hold no rows that are understood, {times - unread:,} lack "
        f"something: {reasons}",
    )


def _references(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report each model's reference, or what is awaited; a provisional one does not alert yet."""
    found = list(overviews(connection, SettingsReader(connection)))
    if not found:
        yield "references", True, "none yet: the first rows become one, or a file that you set"
    for one in found:
        of = f"{one.model} {one.version}".strip()
        if one.state == "provisional":
            yield (
                "references",
                True,
                f"{of}: {one.outlook}, {plural(one.rows, 'row')} so far; until then only gross "
                "faults alert. `modeltap reference set --file FILE` does not wait",
            )
        else:
            yield (
                "references",
                True,
                f"{of}: {plural(one.rows, 'row')}, {one.hours_covered} of the week's 168 hours; "
                f"drift is evaluated in windows of {one.drift_window}",
            )


def _unmonitored(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Report the columns beyond `max_features`, and how to have them monitored."""
    for row in active_references(connection):
        text = notice(Reference.from_json(row.payload))
        if text is not None:
            yield "features", True, f"{row.model}: {text}"


def _clocks(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Suggest a time zone where a column, or this machine, goes by another clock."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        moment = clock.parse(reference.from_time or "")
        if moment is None:
            continue
        ahead = {f.calendar_shift: f.name for f in reference.features if f.calendar_shift}
        whose: dict[float, str] = {k: f"column {name}" for k, name in ahead.items()}
        own = datetime.fromtimestamp(moment, UTC).astimezone().utcoffset()
        if not whose and own and reference.timezone == clock.UTC_ZONE:
            whose = {own.total_seconds() / 3600: "this machine"}
        for hours, name in whose.items():
            zone = zone_ahead(reference.timezone, hours, moment)
            if zone is not None:
                yield (
                    "timezone",
                    True,
                    f"{reference.model}: {name} is {abs(hours):g} h "
                    f"{'ahead of' if hours > 0 else 'behind'} {reference.timezone}; if that is "
                    f'the clock that traffic follows, set timezone = "{zone}" or the like',
                )


def _masked_features(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Name the features that masking blanks in all rows: nothing is known of them."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        masked = [feature.name for feature in reference.features if feature.is_all_masked]
        if masked:
            field = re.escape(masked[0].rpartition(".")[2])
            yield (
                "masked features",
                True,
                f"{row.model}: {', '.join(masked[:_NAMED])} "
                f"{'is' if len(masked) == 1 else 'are'} masked in all rows and not monitored; "
                f"what is no secret is kept with unmask_body_fields = ['^{field}$']",
            )


def _likely_codes(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Name the values that are likely codes for missing ones, and what to write."""
    for row in active_references(connection):
        reference = Reference.from_json(row.payload)
        codes = [f for f in reference.features if f.sentinel is not None]
        if codes:
            named = ", ".join(f"{f.name} has {f.sentinel:g}" for f in codes[:_NAMED])
            yield (
                "missing values",
                True,
                f"{row.model}: {named} in many rows, far from all others; if that means a missing "
                f"value, say so in modeltap.toml, [models.{row.model}.features.{codes[0].name}] "
                f"missing_values = [{codes[0].sentinel:g}]",
            )


def _unmapped(connection: sqlite3.Connection) -> str:
    """Name the fields of the last answer that no prediction was found in, and what to write."""
    exchange = newest_with_note(connection, NO_PREDICTION)
    document = parse_json(exchange.response_body)
    if type(document) is not dict or not document:
        return ""
    text = f"; answers of {exchange.model} have {', '.join(list(document)[:_NAMED])}"
    names = candidates(document)
    if not names:
        return f"{text}, of which none looks like a prediction"
    return (
        f"{text}: say in modeltap.toml which is the prediction, under "
        f'[models.{exchange.model}.mapping] prediction = "{names[0]}"'
    )


def _contents(connection: sqlite3.Connection) -> Iterator[Finding]:
    total = count_exchanges(connection)
    last = newest_start(connection) or "-"
    yield "exchanges", True, f"{total:,}, the last at {last}"
    yield from _decoding(connection, total)
    lost = count_dropped(connection)
    yield (
        "capture",
        lost == 0,
        f"{lost:,} exchanges were dropped" if lost else "nothing was dropped",
    )
    yield from _references(connection)
    yield from _unmonitored(connection)
    yield from _clocks(connection)
    yield from _likely_codes(connection)
    yield from _masked_features(connection)
    failed = newest_failure(connection, "analyze")
    if failed is not None:
        lines = failed.log.strip().splitlines()
        yield (
            "analysis",
            False,
            f"failed at {failed.finished_at}: {lines[-1] if lines else 'no message'}",
        )
