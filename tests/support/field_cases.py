"""Traffic as people send it, from the tap to what `doctor` says: many models in one store."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import modeltap
from asgi_client import Client, scope_of
from command import completed, lines
from stores import START, read

ROWS = 300
"""Requests of each model: the reference has the first 200, a window the rest."""

MOVED = 200
"""The first request of the window."""


@dataclass(frozen=True)
class Case:
    """One model's traffic, and what has to be known of it."""

    model: str
    exchange: Callable[[int], tuple[Any, Any]]
    """From the number of a request to it and its response: bytes, or what becomes JSON."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The model's own options."""
    labels: Callable[[int], Any] | None = None
    request_type: str = "application/json"
    response_type: str = "application/json"
    headers: Callable[[int], list[tuple[bytes, bytes]]] = lambda n: []
    path: str = ""

    features: Mapping[str, str] | None = None
    """The kinds of columns, by name; outputs are left out."""
    predictions: tuple[Any, ...] | None = None
    """Those of the first exchange."""
    scores: tuple[Any, ...] | None = None
    drifting: frozenset[str] | None = None
    """Columns whose drift has the verdict `alert`."""
    metrics: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Bounds of the last window's values."""
    alerts: frozenset[str] | None = None
    """The rules of its incidents."""
    problem: str | None = None
    """The problem that `doctor` reports; None if it has none for the model."""
    note: str | None = None
    """The notes of `doctor`."""


class Observed:
    """Facts of the store and of `doctor` about each model."""

    def __init__(self, store: Path, findings: list[dict[str, Any]]) -> None:
        self._store = store
        self._findings = findings

    def check(self, case: Case) -> None:
        """Compare everything that the case says."""
        model = case.model
        if case.predictions is not None:
            _same(self.outputs(model, "prediction"), list(case.predictions))
        if case.scores is not None:
            _same(self.outputs(model, "score"), list(case.scores))
        if case.features is not None:
            _same(self.features(model), case.features)
        if case.drifting is not None:
            _same(self.drifting(model), case.drifting)
        if case.alerts is not None:
            _same(self.alerts(model), case.alerts)
        for name, (low, high) in case.metrics.items():
            value = self.metric(model, name)
            assert low <= value <= high, (name, value)
        problems = self.said(model, "problem")
        if case.problem is None:
            _same(problems, [])
        else:
            assert any(case.problem in text for text in problems), problems
        if case.note is not None:
            notes = self.said(model, "note")
            assert any(case.note in text for text in notes), notes

    def outputs(self, model: str, column: str) -> list[Any]:
        """Return the first exchange's predictions or scores, objects and lists decoded."""
        sql = (
            f"select {column} as value from predictions where exchange_id = "
            "(select id from exchanges where model = ? order by seq limit 1) order by row"
        )
        return [_plain(row["value"]) for row in read(self._store, sql, model)]

    def features(self, model: str) -> dict[str, str]:
        """Return the kinds of the reference's columns, without the model's outputs."""
        return {
            one["name"]: one["kind"]
            for one in self._reference(model)
            if "of" not in one and one["name"].partition(".")[0] not in ("prediction", "score")
        }

    def _reference(self, model: str) -> list[dict[str, Any]]:
        sql = "select payload from \"references\" where model = ? and state = 'active'"
        found = read(self._store, sql, model)
        return json.loads(found[-1]["payload"])["features"] if found else []

    def drifting(self, model: str) -> set[str]:
        sql = (
            "select distinct feature from metrics where model = ? and metric = 'drift' "
            "and verdict = 'alert'"
        )
        return {row["feature"] for row in read(self._store, sql, model)}

    def alerts(self, model: str) -> set[str]:
        rows = read(self._store, "select distinct rule from alerts where model = ?", model)
        return {row["rule"] for row in rows}

    def metric(self, model: str, name: str) -> float:
        sql = (
            "select value from metrics where model = ? and metric = ? and value is not null "
            "order by window_start"
        )
        return read(self._store, sql, model, name)[-1]["value"]

    def said(self, model: str, level: str) -> list[str]:
        """Return what `doctor` says of a model at a level, the setting that fixes it included."""
        return [
            f"{one['finding']} {one['fix'] or ''}"
            for one in self._findings
            if one["level"] == level and one["model"] == model
        ]


def observe(store: Path, cases: list[Case], **options: Any) -> Observed:
    """Serve the traffic of all cases through a tap, label it, analyse it, and ask `doctor`."""
    by_model = {case.model: case for case in cases}
    assert len(by_model) == len(cases), "two cases have one name"
    tapped = modeltap.watch(
        _app(by_model),
        model=lambda path: path.split("/")[1],
        store=store,
        analyze=False,
        reference=f"first {MOVED} rows",
        window=f"{ROWS - MOVED} rows",
        event_time="header:x-time",
        models={case.model: {"multivariate": False, **case.settings} for case in cases},
        **options,
    )
    asyncio.run(_serve(tapped, cases))
    assert modeltap.flush(60)
    _command("analyze", "--store", store)
    return Observed(store, lines(_command("doctor", "--store", store, "--json")))


def _app(cases: Mapping[str, Case]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        case = cases[scope["path"].split("/")[1]]
        await receive()
        _, response = case.exchange(int(scope["query_string"]))
        headers = [(b"content-type", case.response_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _bytes(response)})

    return app


async def _serve(tapped: Any, cases: list[Case]) -> None:
    for case in cases:
        for n in range(ROWS):
            request, _ = case.exchange(n)
            time = (START + datetime.timedelta(minutes=n)).isoformat().encode()
            headers = [(b"content-type", case.request_type.encode()), (b"x-time", time)]
            headers += case.headers(n)
            path = f"/{case.model}{case.path or '/predict'}"
            scope = scope_of(path, headers=headers, query=str(n).encode())
            client = Client(_bytes(request))
            await tapped(scope, client.receive, client.send)
            if case.labels is not None:
                modeltap.label(_id_of(client), case.labels(n))


def _id_of(client: Client) -> str:
    return dict(client.sent[0]["headers"])[b"x-modeltap-id"].decode()


def _command(*words: object) -> str:
    done = completed(*words)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done.stdout


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _same(found: object, expected: object) -> None:
    assert found == expected, f"{found} is not {expected}"


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value
