"""What the demo shows: a progress bar and words on a terminal, plain lines in a pipe, or JSON."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from modeltap import clock
from modeltap.cli.output import emit_json
from modeltap.testing import Received

_MARKS = {"alert.firing": "ALERT", "alert.resolved": "OVER "}
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August")
_WIDTH = 96

_BY_MONTH = """
select substr(p.event_time, 1, 7) as month, count(*) as flights,
    count(l.value) as labelled, avg(abs(p.prediction - l.value)) as mae,
    avg(p.prediction - l.value) as bias
from predictions p left join labels l on l.exchange_id = p.exchange_id and l.row = p.row
group by 1 order by 1
"""


class Stage:
    """Tells the story; messages and alerts may come from several threads."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()
        self._bar: Any = None
        self._rows: list[dict[str, Any]] = []
        self._facts: dict[str, Any] = {}

    def say(self, event: str, text: str, **facts: Any) -> None:
        """Tell one step."""
        with self._lock:
            if self._as_json:
                emit_json({"event": event, **facts})
            else:
                self._line(textwrap.fill(text, _WIDTH))

    def received(self, got: Received) -> None:
        """Print an alert as it arrives at the webhook receiver."""
        event = got.event
        with self._lock:
            if self._as_json:
                emit_json({"event": event["type"], **event["data"]})
                return
            mark = _MARKS.get(event["type"], event["type"])
            words = f"{mark} {event['data']['rule']}: {event['data']['summary']}"
            text = textwrap.fill(words, _WIDTH, subsequent_indent="      ")
            color = "red" if event["data"]["severity"] == "critical" else "yellow"
            firing = event["type"] == "alert.firing"
            self._line(click.style(text, fg=color if firing else "green"))

    @contextmanager
    def progress(self, days: int) -> Iterator[Callable[[float, int], None]]:
        """Show how the year passes; yields what is called after each day."""
        if self._as_json or not sys.stdout.isatty():
            yield self._month_by_month()
            return
        with click.progressbar(length=days, label="2013", width=40,
                               item_show_func=lambda day: day or "") as bar:  # fmt: skip
            self._bar = bar

            def on_day(day: float, _: int) -> None:
                with self._lock:
                    bar.update(1, clock.iso(day)[:10])

            yield on_day
        self._bar = None

    def counted(
        self, requests: int, failed: int, labels: int, connection: sqlite3.Connection
    ) -> None:
        """Keep what the end will tell."""
        self._rows = [dict(row) for row in connection.execute(_BY_MONTH)]
        fired = connection.execute(
            "select rule, min(started_at), count(*), "
            "group_concat(distinct ifnull(feature, metric)) from alerts group by rule order by 2"
        ).fetchall()
        self._facts = {
            "requests": requests, "failed": failed, "labels": labels,
            "messages": connection.execute(
                "select count(*) from deliveries where state = 'delivered'").fetchone()[0],
            "alerts": [
                {"rule": r[0], "first": r[1], "incidents": r[2], "about": r[3]} for r in fired],
        }  # fmt: skip

    def end(self, store: Path) -> None:
        """Say what was found, and where to look next."""
        facts, months = self._facts, self._rows
        if self._as_json:
            emit_json({"event": "done", **facts, "months": months, "store": str(store)})
            return
        click.echo("")
        click.echo(tabulate(
            [[_MONTHS[int(row["month"][5:])], f"{row['flights']:,}", f"{row['labelled']:,}",
              f"{row['mae']:.1f}", f"{row['bias']:+.1f}"] for row in months],
            headers=["2013", "requests", "labels", "mean error (min)", "bias (min)"],
            tablefmt="simple", disable_numparse=True, colalign=("left", *["right"] * 4),
        ))  # fmt: skip
        click.echo("\nWhat was found")
        for paragraph in self._findings():
            click.echo(textwrap.fill(paragraph, _WIDTH, initial_indent="  ",
                                     subsequent_indent="  "))  # fmt: skip
        where = "" if store.name == "modeltap.db" and store.parent == Path.cwd() else (
            f" --store {_relative(store)}")  # fmt: skip
        click.echo("\nWhere to look next")
        for line in (
            f"  modeltap alerts{where}",
            f"  modeltap metrics{where} --metric mae",
            f"  modeltap tail{where} --no-follow",
            f'  sqlite3 {_relative(store)} "select model, path, status, duration_ms, '
            "json_extract(request_body, '$.distance') from exchanges limit 3\"",
        ):
            click.echo(line)

    def _findings(self) -> list[str]:
        facts = self._facts
        told = [
            f"{facts['requests']:,} requests were served, {facts['failed']} failed: nothing looked "
            f"wrong from outside. {facts['labels']:,} true flight times came back. "
            f"{facts['messages']} messages reached the webhook."
        ]
        by_rule = {alert["rule"]: alert for alert in facts["alerts"]}
        if drift := by_rule.get("data_drift"):
            told.append(f"The inputs drifted from {clock.short(drift['first'])} on "
                        f"({drift['about'].replace(',', ', ')}): spring came. That alone says "
                        "nothing about the model.")  # fmt: skip
        if worse := by_rule.get("performance"):
            peak = max(self._rows, key=lambda row: row["mae"] or 0)
            told.append(
                f"The model itself got worse from {clock.short(worse['first'])} on, as its "
                f"labels show: in {_MONTHS[int(peak['month'][5:])]} it was off by "
                f"{peak['mae']:.0f} minutes, {peak['bias']:+.0f} of them bias. The winter winds "
                "it learnt from have slackened: it should be trained again."
            )
        return told

    def _month_by_month(self) -> Callable[[float, int], None]:
        current, requests = "", 0

        def on_day(day: float, count: int) -> None:
            nonlocal current, requests
            month = clock.iso(day)[:7]
            if current and month != current:
                self.say("month", f"{current} has passed, {requests:,} requests", month=current,
                         requests=requests)  # fmt: skip
                requests = 0
            current, requests = month, requests + count

        return on_day

    def _line(self, text: str) -> None:
        """Print above the progress bar, if there is one."""
        if self._bar is None:
            click.echo(text)
            return
        click.echo("\r\x1b[K" + text)
        self._bar.render_progress()


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
