"""Twenty persons are erased: no file beside the store has a trace of them, in any form."""

from __future__ import annotations

import datetime
import json
import sqlite3
import struct
import zlib
from contextlib import closing
from urllib.parse import quote

import httpx
import pytest

import modeltap
from command import completed
from modeltap.store.child_runs import record_child_run
from modeltap.store.connection import connect, writing
from stores import START, read

APP = """
import modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    row = await request.json()
    if row.get("fail"):
        raise RuntimeError(f"no rating for {row['user']!r}")
    return JSONResponse({"prediction": row["x"] * 2.0})

app = Starlette(routes=[
    Route("/predict", predict, methods=["POST"]),
    Route("/users/{user:path}/predict", predict, methods=["POST"]),
])
modeltap.watch(app, model="m", store="taps.db", event_time="header:x-time", analyze=False,
               capture_request_headers=["x-note"])
"""
SETTINGS = """
store = "taps.db"
reference = "first 1100 rows"
window = "1d"
event_time = "header:x-time"
multivariate = false

[[webhooks]]
url = "http://127.0.0.1:9/"
allow_private = true
include_values = true
events = ["alert.firing", "alert.resolved", "digest"]
"""

TEXTS = [
    "ann-7f3e01",
    "o'brien-55",
    'q"uote-71',
    "ünïcode nämé",
    "ann+tag@example.org",
    "李小龙-1973",
    "back`tick-8",
    "per%cent-31",
    "sla/sh-90-x",
    "Zoë_Case-KEPT",
]
NUMBERS = [70012345678 + 1000003 * n for n in range(10)]
PERSONS = [*TEXTS, *NUMBERS]
INCOMES = [900000123.25 + 1000003.5 * n for n in range(len(PERSONS))]
OTHERS = [f"user-{n}" for n in range(12)]


def row_of(person):
    """A row of a person: with an income that nobody else has, each twentieth the largest yet."""
    place = PERSONS.index(person)
    key = "user" if isinstance(person, str) else "account"
    return {key: person, "income": INCOMES[place]}


def forms_of(value):
    """The bytes in which a value may stand in a file."""
    text = str(value)
    found = {text.encode(), json.dumps(text)[1:-1].encode(), quote(text, safe="").encode()}
    found |= {repr(text)[1:-1].encode(), quote(text).encode()}
    if not isinstance(value, str):
        real = float(value)
        found |= {struct.pack(">d", real), struct.pack("<d", real)}
        found |= {f"{real:,.0f}".encode(), f"{real:.10g}".encode(), f"{real:.6e}".encode()}
        found |= {repr(real).encode(), repr(float.fromhex(real.hex()) + 0.0).encode()}
    if isinstance(value, int):
        found |= {value.to_bytes(6, "big"), struct.pack("<q", value)}
    return found


def contents(folder):
    """All bytes of the store and of the files beside it, and what compressed columns hold."""
    files = [path.read_bytes() for path in sorted(folder.glob("taps.db*"))]
    assert files
    with closing(sqlite3.connect(folder / "taps.db")) as connection:
        for table, column in (
            ("windows", "extremes"),
            ("windows", "counts"),
            ("windows", "repeats"),
            ("reference_blocks", "counts"),
        ):
            blobs = connection.execute(f"select {column} from {table}").fetchall()
            files += [zlib.decompress(blob) for (blob,) in blobs]
    return b"\n".join(files)


def traces(folder, values):
    everything = contents(folder)
    return {value for value in values if any(form in everything for form in forms_of(value))}


def command(*words):
    done = completed(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Traffic:
    """Sends rows to the app, one each two minutes of event time."""

    def __init__(self, url):
        self._url = url
        self.client = self._connect()
        self.sent = 0

    def _connect(self):
        return httpx.Client(base_url=self._url, trust_env=False, verify=False)

    def send(self, row, path="/predict", **options):
        time = START + datetime.timedelta(minutes=2 * self.sent)
        headers = {"x-time": time.isoformat(), **options.pop("headers", {})}
        number = self.sent
        self.sent += 1
        whole = {"x": number % 17, "plan": ("gold", "blue", "red")[number % 3], **row}
        self.client.post(path, json=whole, headers=headers, **options)
        if "fail" in row:
            self.client.close()  # the server closes it after a failure
            self.client = self._connect()

    def others(self, count, **more):
        for number in range(count):
            user = OTHERS[number % len(OTHERS)]
            self.send(
                {"user": user, "account": 10 + number % 40, "income": 1000 + number % 97, **more}
            )


@pytest.fixture
def traffic(serve, tmp_path):
    (tmp_path / "modeltap.toml").write_text(SETTINGS)
    served = serve(APP)
    sender = Traffic(served.url)
    yield sender
    sender.client.close()


@pytest.fixture
def analyzed(traffic, tmp_path, eventually):
    """Real traffic, a reference with all persons in it, an alert that quotes some, and whatever
    else may name one."""
    for _ in range(18):
        for person in PERSONS:
            traffic.send({"account": 11, "user": "user-0", **row_of(person)})
        traffic.others(50)
    for person in TEXTS:
        ascii_header = {"x-request-id": f"req/{quote(person)}", "x-note": f"for {quote(person)}!"}
        row = {**row_of(person), "account": 12, "fail": True}
        traffic.send(row, path=f"/users/{quote(person, safe='')}/predict", headers=ascii_header)
        traffic.send(
            {"user": "user-1", "account": 12, "income": 1001},
            path=f"/users/{quote(person, safe='')}/predict?by={quote(person, safe='')}",
            headers=ascii_header,
        )
    for _ in range(500):
        traffic.send({"account": NUMBERS[0], "user": TEXTS[0], "income": INCOMES[0]})
    for person in TEXTS:
        for _ in range(60):
            traffic.send({"account": NUMBERS[1], "user": person, "income": INCOMES[1]})
    count = "select count(*) as n from exchanges"
    total = traffic.sent
    assert eventually(lambda: read(tmp_path / "taps.db", count)[0]["n"] == total)
    for person in PERSONS:
        modeltap.label(str(person), f"of {person}", store="taps.db")  # it has no exchange
    command("analyze", "--open")
    with closing(connect("taps.db")) as connection, writing(connection):
        log = "\n".join(f"ValueError: could not convert {person!r}" for person in PERSONS)
        record_child_run(connection, "analyze", "s", 1, 1, log)
    command("silence", "add", "--model", "m", "--for", "1h", "--reason", f"asks {TEXTS[0]}")
    return traffic


def test_no_byte_of_twenty_persons_is_left(analyzed, tmp_path):
    """Texts and numbers, in all files, as they are stored, quoted, escaped, rounded and packed."""
    values = [*PERSONS, *INCOMES]
    assert traces(tmp_path, values) == set(values)
    sentences = [
        row["said"]
        for row in read(
            tmp_path / "taps.db",
            "select explanation as said from metrics where explanation is not null "
            "union all select body from deliveries where state = 'pending'",
        )
    ]
    assert any(TEXTS[0] in said for said in sentences)
    wheres = [
        word
        for person in PERSONS
        for word in ("--where", f"{'user' if isinstance(person, str) else 'account'}={person}")
    ]
    said = command("erase", "--model", "m", "--yes", *wheres)
    assert said.splitlines()[-1].startswith("not erased: ")
    assert traces(tmp_path, values) == set()
    assert len(said.splitlines()) == 2, said


def test_verdicts_go_on_after_it(analyzed, tmp_path, eventually):
    """Windows that were counted are still the reference's; usual days are usual, others are not."""
    wheres = [
        word
        for person in PERSONS
        for word in ("--where", f"{'user' if isinstance(person, str) else 'account'}={person}")
    ]
    windows = "select count(*) as n from windows"
    before = read(tmp_path / "taps.db", windows)[0]["n"]
    reference = read(tmp_path / "taps.db", 'select id, rows from "references"')
    command("erase", "--model", "m", "--yes", *wheres)
    analyzed.others(1400)
    analyzed.others(720, plan="gold", x=16)
    count = "select max(seq) as n from exchanges"
    assert eventually(lambda: read(tmp_path / "taps.db", count)[0]["n"] == analyzed.sent)
    command("analyze", "--open")
    assert read(tmp_path / "taps.db", 'select id, rows from "references"') == reference
    assert read(tmp_path / "taps.db", windows)[0]["n"] > before
    last = "select max(window_start) from metrics where metric = 'drift' and feature = 'x'"
    drift = {
        row["feature"]: row["verdict"]
        for row in read(
            tmp_path / "taps.db",
            f"select * from metrics where metric = 'drift' and window_start = ({last})",
        )
    }
    assert drift["x"] == drift["plan"] == "alert"
    rates = read(
        tmp_path / "taps.db",
        "select * from metrics where metric in ('unseen_rate', 'out_of_range_rate') and value > 0 "
        f"and window_start = ({last})",
    )
    assert rates == []
