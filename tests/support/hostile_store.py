"""A store whose names come from clients that write to the operator's terminal."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import modeltap
from asgi_client import Client, scope_of
from command import completed

KINDS = {
    "C0": "\x01\x07\x08\x1b[2J\x1b]0;owned\x07\x1f",
    "line ends": "\r\n\x0b\x0c\x85\u2028\u2029",
    "tab": "\t",
    "DEL": "\x7f",
    "C1": "\x80\x9b31m\x9d0;owned\x9c",
    "bidi": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "hidden": "\u200b\ufeff\u00ad\U000e0041",
}
"""Characters that a terminal obeys, or that hide, by kind."""

HOSTILE = "x".join(KINDS.values())


def ran(*words, stdin=None, cwd=None):
    """Run the command; return its exit code and the bytes of both its streams."""
    done = completed(*words, text=False, typed=stdin, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def fill(folder):
    """Write a store with hostile models, versions, columns, values, paths and errors."""
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for n in range(3600):
            file.write(json.dumps(_row(n)) + "\n")
        file.write("{broken " + HOSTILE.replace("\n", "") + "\n")
    store = ("--store", str(folder / "taps.db"))
    about = ("--model", f"m{HOSTILE}", "--version", f"v{HOSTILE}")
    roles = ("--timestamp", "time", "--prediction", "guess", "--label", "truth", "--id", "id")
    outputs = [
        ran("import", str(rows), *store, *about, *roles, cwd=folder),
        ran("reference", "set", *store, *about, "--rows", "2000", cwd=folder),
        ran("analyze", *store, "--open", cwd=folder),
    ]
    asyncio.run(_exchange(str(folder / "taps.db")))
    return outputs


def _row(n):
    hour, late = n // 120, n >= 2400
    time = f"2024-05-{1 + hour // 24:02d}T{hour % 24:02d}:{n % 60:02d}:00Z"
    return {
        "id": f"row-{n}",
        "time": time,
        f"amount{HOSTILE}": (n * 7919 % 1000) / 100 + (4 if late else 0),
        "half\ud800": f"a\udfff{n % 3}",
        "color": f"{HOSTILE}{'new' if late and n % 2 else 'red' if n % 3 else 'blue'}",
        "guess": f"{HOSTILE}{n % 2}",
        "truth": f"{HOSTILE}{n % 2 if not late else n % 3 % 2}",
    }


async def _exchange(store):
    """Answer one request with a hostile path, query, header, bodies and error."""

    async def app(scope, receive, send):
        await receive()
        raise ValueError(f"no {HOSTILE}")

    tapped = modeltap.watch(app, model=f"m{HOSTILE}", store=store, analyze=False)
    scope = scope_of(
        f"/predict/{HOSTILE}",
        headers=[(b"content-type", b"text/plain"), (b"x-request-id", b"request\x1b[2J\x9b")],
        query=b"a=%1b[2J\x1b[31m",
    )
    client = Client(f"body {HOSTILE}".encode())
    with suppress(ValueError):
        await tapped(scope, client.receive, client.send)
    assert modeltap.flush(30)
