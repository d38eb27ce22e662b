"""Seconds of processor time to analyse chat exchanges, this version and another in turn.

    python benchmarks/chats.py --make chats.db [--hours 32] [--an-hour 206] [--words 20 400]
    python benchmarks/chats.py --store chats.db --beside ../before/.venv/bin/python [--rounds 3]

The store holds exchanges of OpenAI's chat protocol as the tap stores them: several topics, system
prompts, conversations of several turns, tools, tokens, failures, and a third of the responses
streamed. In the last two hours the topic and the length of prompts and responses change. Each
round runs `modeltap analyze` on a copy of the store with both interpreters; the metrics that they
write are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from modeltap import clock
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges

START = 1_767_225_600.0  # 2026-01-01
COMMON = re.findall(
    r"\w+",
    """the of and to in a is that for it as was with be by on not he this are or his from at
which but have an had they you were their one all we can her has there been if more when will would
who so no out up into do any your what could than other then its only some time about these may
like how my now such first me our over even new must where much well down should because each just
those people see make good very through way little being after know us get between own most while
please help thanks want need tell explain write give list short long answer question""",
)
SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er")]
TOPICS = ("cooking", "travel", "refunds", "law", "health", "code")
SYSTEMS = [f"You are the assistant of the {topic} desk. Be brief and polite." for topic in TOPICS]
Json = dict[str, Any]
FIELDS = "model", "window", "window_start", "metric", "feature", "segment"


class Writer:
    """Writes texts of a topic: common words, and 3,000 words of its own by Zipf's law."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        ranks = 1 / np.arange(1, 3001)
        self._chances = ranks / ranks.sum()
        words = np.random.default_rng(1)
        self._own = {
            topic: ["".join(words.choice(SYLLABLES, words.integers(2, 4))) for _ in ranks]
            for topic in TOPICS
        }

    def text(self, topic: str, words: int) -> str:
        """Return a text of sentences of about twelve words."""
        rng = self.rng
        common = rng.choice(len(COMMON), words)
        own = rng.choice(len(self._chances), words, p=self._chances)
        mixed = [
            COMMON[a] if is_common else self._own[topic][b]
            for a, b, is_common in zip(common, own, rng.random(words) < 0.6, strict=True)
        ]
        for end in range(11, words, 12):
            mixed[end] += "."
        return " ".join(mixed).capitalize()


def exchanges(
    writer: Writer, hours: int, an_hour: int, words: tuple[int, int]
) -> Iterator[ExchangeRow]:
    """Yield exchanges in order of time; the last two hours have another topic and length."""
    rng, few, many = writer.rng, *words
    for number in range(hours * an_hour):
        hour = number // an_hour
        is_changed = hour >= hours - 2
        topic = "code" if is_changed and rng.random() < 0.7 else TOPICS[int(rng.integers(5))]
        longer = 2 if is_changed else 1
        lengths = (few * (many / few) ** rng.random(2) * (0.5, 1) * longer).astype(int) + 3
        at = START + 3600 * (hour + (number % an_hour) / an_hour)
        yield exchange(writer, number, at, topic, *lengths.tolist())


def exchange(
    writer: Writer, number: int, at: float, topic: str, asked: int, answered: int
) -> ExchangeRow:
    """Return an exchange of `asked` and `answered` words."""
    rng = writer.rng
    messages: list[dict[str, str]] = [{"role": "system", "content": SYSTEMS[TOPICS.index(topic)]}]
    for _ in range(int(rng.integers(0, 3))):
        messages.append({"role": "user", "content": writer.text(topic, asked // 2 + 2)})
        messages.append({"role": "assistant", "content": writer.text(topic, answered // 2 + 2)})
    messages.append({"role": "user", "content": writer.text(topic, asked)})
    request: dict[str, Any] = {
        "model": str(rng.choice(["small", "large"], p=[0.8, 0.2])),
        "messages": messages,
        "temperature": float(rng.choice([0.0, 0.7, 1.0])),
        "max_tokens": 1024,
    }
    calls = rng.random() < 0.1
    if calls or rng.random() < 0.1:
        function = {"name": "search", "parameters": {"type": "object", "properties": {}}}
        request["tools"] = [{"type": "function", "function": function}]
    streamed = number % 3 == 0
    if streamed:
        request |= {"stream": True, "stream_options": {"include_usage": True}}
    status = 200 if rng.random() > 0.01 else int(rng.choice([429, 500]))
    usage = {
        "prompt_tokens": int(1.3 * sum(len(m["content"].split()) for m in messages)),
        "completion_tokens": int(1.3 * answered),
    }
    usage["total_tokens"] = sum(usage.values())
    text = "" if calls else writer.text(topic, answered)
    finish = "tool_calls" if calls else "length" if rng.random() < 0.05 else "stop"
    head = {"id": f"chatcmpl-{number:x}", "created": int(at), "model": request["model"] + "-2026"}
    first, timing = float(rng.lognormal(5, 0.4)), None
    if status != 200:
        body = json.dumps({"error": {"message": "try again", "type": "server_error"}})
    elif streamed:
        body, timing = stream(head, text, finish, usage, first)
    else:
        body = json.dumps(plain(head, text, finish, usage))
    when = clock.iso(at)
    return ExchangeRow(
        id=f"{number:032x}",
        model="chat",
        source="asgi",
        method="POST",
        path="/v1/chat/completions",
        route="/v1/chat/completions",
        status=status,
        started_at=when,
        event_time=when,
        headers_ms=first,
        first_byte_ms=first,
        duration_ms=first + 8.0 * answered,
        request_type="application/json",
        response_type="text/event-stream" if timing else "application/json",
        request_body=json.dumps(request),
        response_body=body,
        sample_rate=1.0,
        stream=timing,
    )


def call() -> Json:
    """Return a tool call."""
    return {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "search", "arguments": '{"query": "x"}'},
    }


def plain(head: Json, text: str, finish: str, usage: Json) -> Json:
    """Return a response in one document."""
    message: Json = {"role": "assistant", "content": text, "refusal": None}
    if finish == "tool_calls":
        message |= {"content": None, "tool_calls": [call()]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}


def stream(head: Json, text: str, finish: str, usage: Json, first: float) -> tuple[str, str]:
    """Return a response in events of one word each, and its timing as the writer stores it."""
    head = {**head, "object": "chat.completion.chunk", "system_fingerprint": "fp_1"}
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"tool_calls": [call()]}] if finish == "tool_calls" else []
    deltas += [{"content": " " * (at > 0) + word} for at, word in enumerate(text.split())] + [{}]
    documents: list[Json] = [
        {**head, "choices": [{"index": 0, "delta": d, "logprobs": None, "finish_reason": None}]}
        for d in deltas
    ]
    documents[-1]["choices"][0]["finish_reason"] = finish
    documents.append({**head, "choices": [], "usage": usage})
    events = [json.dumps(document) for document in documents] + ["[DONE]"]
    timing = {"chunks": len(events), "gap_p50_ms": 8.0, "gap_p95_ms": 9.0, "gap_max_ms": 20.0}
    lines = [[round(first + 8.0 * at, 3), 2 * at + 2] for at in range(min(512, len(events)))]
    body = "".join(f"data: {event}\n\n" for event in events)
    return body, json.dumps({**timing, "lines": lines}, separators=(",", ":"))


def make(path: Path, hours: int, an_hour: int, words: tuple[int, int]) -> None:
    """Write a store of `hours` times `an_hour` exchanges."""
    rows = list(exchanges(Writer(0), hours, an_hour, words))
    connection = connect(path)
    with writing(connection):
        insert_exchanges(connection, rows)
    connection.close()
    print(f"{path}: {len(rows):,} exchanges, {path.stat().st_size / 1e6:.1f} MB")


def analyze(python: str, store: Path) -> float:
    """Return the seconds of processor time of `modeltap analyze`."""
    before = os.times()
    command = [python, "-m", "modeltap", "analyze", "--store", str(store), "--no-deliver"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user
        + after.children_system
        - (before.children_user + before.children_system)
    )


def metrics(store: Path) -> dict[tuple[Any, ...], Json]:
    """Return the metrics of a store by name, feature and window."""
    connection = sqlite3.connect(store)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("select * from metrics")]
    connection.close()
    for row in rows:
        del row["id"], row["computed_at"]
    return {tuple(row[name] for name in FIELDS): row for row in rows}


def compared(old: Path, new: Path) -> str:
    """Return how many metrics two stores have, and where they differ."""
    a, b = metrics(old), metrics(new)
    lines = [f"{len(a):,} and {len(b):,} metrics, {len(a.keys() ^ b.keys())} in only one of them"]
    for name in next(iter(a.values()), {}):
        differ = [key for key in a.keys() & b.keys() if a[key][name] != b[key][name]]
        if differ:
            key = min(differ, key=str)
            lines.append(f"{name}: {len(differ)} differ, {a[key][name]!r} {b[key][name]!r} {key}")
    return "\n".join(lines)


def beside(store: Path, other: str, rounds: int) -> None:
    """Print the seconds of both versions, and whether their metrics are the same."""
    times: dict[str, list[float]] = {other: [], sys.executable: []}
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / "old.db", Path(folder) / "new.db"]
        for _ in range(rounds):
            for python, copy in zip(times, copies, strict=True):
                shutil.copy(store, copy)
                times[python].append(analyze(python, copy))
        old, new = map(statistics.median, times.values())
        print(f"before {old:.1f} s, now {new:.1f} s of processor time: {old / new:.1f} times less")
        print(compared(*copies))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--hours", type=int, default=32)
    parser.add_argument("--an-hour", type=int, default=206)
    parser.add_argument("--words", type=int, nargs=2, default=(20, 400))
    parser.add_argument("--beside", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.make:
        make(args.make, args.hours, args.an_hour, tuple(args.words))
    if args.store and args.beside:
        beside(args.store, args.beside, args.rounds)


if __name__ == "__main__":
    os.environ.setdefault("MODELTAP_WINDOW", "1h")
    main()
