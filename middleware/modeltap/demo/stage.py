"""Output of the demo: a progress bar and text on a terminal, plain lines in a pipe, or JSON."""

from __future__ import annotations

import shlex
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from modeltap import clock
from modeltap.demo.screen import ProgressBar, Screen, filled
from modeltap.output import draw, echo, echo_table, emit_json
from modeltap.store.alerts import alerts_by_rule
from modeltap.store.deliveries import count_delivered
from modeltap.store.predictions import errors_by_month
from modeltap.testing import Received

_MARKS = {"alert.firing": "ALERT", "alert.resolved": "RESOLVED"}
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August")


class Stage:
    """Prints the demo's steps and alerts, which may come from several threads."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()
        self._screen = Screen()
        self._rows: list[dict[str, Any]] = []
        self._facts: dict[str, Any] = {}

    def echo(self, event: str, text: str, **facts: Any) -> None:
        """Print one step; `facts` are its JSON form."""
        with self._lock:
            if self._as_json:
                emit_json({"event": event, **facts})
            else:
                self._screen.foot("")
                self._screen.line(filled(text))

    def doing(self, text: str) -> None:
        """Show a slow step in the status line until the next output; JSON omits it."""
        if not self._as_json:
            with self._lock:
                self._screen.foot(f"{text} ...")

    def stopped(self, kept: Path | None) -> None:
        """Report that the user stopped the demo."""
        left = f"its files are in {_relative(kept)}" if kept else "its files were removed"
        with self._lock:
            self._screen.keep_foot()
        text = f"modeltap: stopped; {left}"
        if self._screen.terminal:
            draw("", text, err=True)  # over the ^C that a terminal shows
        else:
            echo(text, err=True)

    def received(self, message: Received) -> None:
        """Print an alert as it arrives at the webhook receiver."""
        event = message.event
        # If standard output is closed, the next step ends the demo, not the receiver's thread.
        with self._lock, suppress(OSError):
            if self._as_json:
                emit_json({"event": event["type"], **event["data"]})
                return
            mark = _MARKS.get(event["type"], event["type"])
            line = f"{mark} {event['data']['rule']}: {event['data']['summary']}"
            text = filled(line, later="      ")
            color = "red" if event["data"]["severity"] == "critical" else "yellow"
            firing = event["type"] == "alert.firing"
            self._screen.line(text, color if firing else "green")

    @contextmanager
    def progress(self, days: int) -> Iterator[Callable[[float, int], None]]:
        """Show the progress of the replay; yield a callback for the end of each day."""
        if self._as_json or not self._screen.terminal:
            yield self._month_by_month()
            return
        bar = ProgressBar("2013", days)

        def on_day(day: float, _: int) -> None:
            with self._lock:
                self._screen.foot(bar.step(clock.iso(day)[:10]))

        yield on_day
        with self._lock:
            self._screen.keep_foot()

    def counted(
        self, requests: int, failed: int, labels: int, connection: sqlite3.Connection
    ) -> None:
        """Collect the facts for the summary at the end."""
        self._rows = [
            {
                "month": errors.month,
                "flights": errors.rows,
                "labelled": errors.labelled,
                "mae": errors.mae,
                "bias": errors.bias,
            }
            for errors in errors_by_month(connection)
        ]
        self._facts = {
            "requests": requests,
            "failed": failed,
            "labels": labels,
            "messages": count_delivered(connection),
            "alerts": [summary._asdict() for summary in alerts_by_rule(connection)],
        }

    def end(self, store: Path) -> None:
        """Print the results, and commands to continue with."""
        facts, months = self._facts, self._rows
        if self._as_json:
            emit_json({"event": "done", **facts, "months": months, "store": str(store)})
            return
        self._screen.foot("")
        echo("")
        columns = ["2013", "requests", "labels", "mean abs. error (min)", "bias (min)"]
        echo_table(
            [
                [
                    _MONTHS[int(row["month"][5:])],
                    f"{row['flights']:,}",
                    f"{row['labelled']:,}",
                    f"{row['mae']:.1f}",
                    f"{row['bias']:+.1f}",
                ]
                for row in months
            ],
            columns,
            right=columns[1:],
        )
        echo("", "Results")
        for paragraph in self._findings(store):
            echo(*filled(paragraph, indent="  ").split("\n"))
        echo("", "Next steps")
        for line in _next(store):
            echo(f"  {line}")

    def _findings(self, store: Path) -> list[str]:
        facts = self._facts
        paragraphs = [
            f"The API served {facts['requests']:,} requests, of which {facts['failed']} failed, "
            f"and received {facts['labels']:,} labels. {facts['messages']} messages reached the "
            "webhook."
        ]
        by_rule = {alert["rule"]: alert for alert in facts["alerts"]}
        if not by_rule:
            paragraphs.append(
                "No alert fired, because the analysis failed or took too long: "
                f"`modeltap doctor{_store_option(store)}` has the reason."
            )
        if drift := by_rule.get("data_drift"):
            paragraphs.append(
                f"The inputs drifted from {clock.short(drift['first'])} on "
                f"({drift['about'].replace(',', ', ')}), because spring came. This alone does "
                "not show that the predictions got worse."
            )
        if performance := by_rule.get("performance"):
            peak = max(self._rows, key=lambda row: row["mae"] or 0)
            paragraphs.append(
                "The labels show that the predictions got worse from "
                f"{clock.short(performance['first'])} on: in "
                f"{_MONTHS[int(peak['month'][5:])]} the mean absolute error was "
                f"{peak['mae']:.0f} minutes and the bias {peak['bias']:+.0f}. The model was "
                "trained on winter winds, which are stronger; retrain it."
            )
        return paragraphs

    def _month_by_month(self) -> Callable[[float, int], None]:
        current, requests = "", 0

        def on_day(day: float, count: int) -> None:
            nonlocal current, requests
            month = clock.iso(day)[:7]
            if current and month != current:
                self.echo(
                    "month",
                    f"Replayed {current}: {requests:,} requests.",
                    month=current,
                    requests=requests,
                )
                requests = 0
            current, requests = month, requests + count

        return on_day


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _store_option(store: Path) -> str:
    """Return the option that names the store; none if it is the default."""
    is_default = store.name == "modeltap.db" and store.parent == Path.cwd()
    return "" if is_default else f" --store {shlex.quote(_relative(store))}"


def _next(store: Path) -> list[str]:
    """Return commands to copy; the last command has two lines."""
    where = _store_option(store)
    return [
        f"modeltap dashboard{where} --open",
        f"modeltap alerts{where}",
        f"modeltap metrics{where} --metric mae",
        f"modeltap tail{where} --no-follow",
        f'sqlite3 {shlex.quote(_relative(store))} "select model, path, status, duration_ms,',
        "    json_extract(request_body, '$.distance') from exchanges limit 3\"",
    ]
