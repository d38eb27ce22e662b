"""Ids of labels, tables and references from bug reports: what joins, and what a column is."""

from __future__ import annotations

import asyncio
import json

import pytest

import modeltap
from asgi_client import Client, scope_of
from command import lines
from command import modeltap as run
from modeltap.store.connection import connect
from stores import analyze, every, put, read

IDS = [
    "000041",
    "41",
    "1e5",
    "100000",
    "00_12",
    "1_000",
    "0x1F",
    "12345678901234567890",
    "3.0",
    "3",
    "+49123",
    "TRUE",
    "2024-01-05",
    "a,b",
    'say "x"',
    "-0",
    "1,5",
    "Infinity",
]


def serve(app, requests):
    """Send requests with these ids to an app; return the ids that the answers had."""

    async def send():
        found = []
        for id_, body in requests:
            client = Client(json.dumps(body).encode())
            headers = [(b"content-type", b"application/json"), (b"x-request-id", id_.encode())]
            await app(scope_of(headers=headers), client.receive, client.send)
            found.append(dict(client.sent[0]["headers"])[b"x-modeltap-id"].decode())
        return found

    return asyncio.run(send())


async def answers(scope, receive, send):
    """Answer with what the request's body says."""
    body = json.loads((await receive())["body"])
    status = body.pop("status", 200)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body["answer"]).encode()})


@pytest.fixture
def served(store):
    def call(requests):
        app = modeltap.watch(answers, model="m", store=store, analyze=False)
        found = serve(app, requests)
        assert modeltap.flush(20)
        run("analyze", "--store", store)
        return found

    return call


@pytest.mark.parametrize("quoted", [False, True])
def test_ids_of_labels_are_texts(served, store, tmp_path, quoted):
    """Each joins its own exchange, whatever number, date or word it looks like."""
    ours = served((id_, {"x": n, "answer": {"prediction": n}}) for n, id_ in enumerate(IDS))
    cells = [id_.replace('"', '""') for id_ in IDS]
    plain = [c if not (quoted or set(c) & set(',"')) else f'"{c}"' for c in cells]
    text = "id,value\n" + "".join(f"{cell},{n}\n" for n, cell in enumerate(plain))
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8")
    run("label", "import", file, "--store", store, "--model", "m")
    found = read(store, "select exchange_id, value from labels")
    assert {row["exchange_id"]: int(row["value"]) for row in found} == {
        id_: n for n, id_ in enumerate(ours)
    }
    findings = lines(run("doctor", "--store", store, "--json"))
    assert [one for one in findings if one["check"] == "labels" and not one["ok"]] == []


GOOD = {"answer": {"prediction": 1}}
BAD = {"status": 503, "answer": {"detail": "busy"}}

RETRIES = {
    "failed and answered": ([BAD, GOOD], 1),
    "answered and failed": ([GOOD, BAD], 0),
    "three tries": ([BAD, {"status": 429, "answer": {"detail": "slow"}}, GOOD], 2),
    "an error with status 200": ([{"answer": {"error": "no model"}}, GOOD], 1),
    "not found first": ([{"status": 404, "answer": {"detail": "?"}}, GOOD], 1),
    "queued first": ([{"status": 202, "answer": {"status": "queued"}}, GOOD], 1),
}


@pytest.mark.parametrize(("tries", "place"), RETRIES.values(), ids=RETRIES)
@pytest.mark.parametrize("early", [False, True])
def test_a_label_of_a_retried_request_joins_the_one_that_was_answered(
    served, store, tries, place, early
):
    """Whether it came after the analysis of its exchanges, or before them."""
    if early:
        connect(store).close()
        modeltap.label("r-1", 1, store=store)
    ours = served(("r-1", {"x": 1, **one}) for one in tries)
    if not early:
        run("label", "set", "r-1", "1", "--store", store, "--model", "m")
    run("analyze", "--store", store)
    (label,) = read(store, "select exchange_id from labels")
    assert label["exchange_id"] == ours[place]


def test_two_answers_of_one_id_are_reported_and_none_is_guessed(served, store, tmp_path):
    """The import names both exchanges."""
    served(("r-1", {"x": 1, **GOOD}) for _ in range(2))
    file = tmp_path / "labels.csv"
    file.write_text("id,value\nr-1,1\n")
    said = run("label", "import", file, "--store", store, "--model", "m", code=1)
    assert "'r-1' matches 2 exchanges with a prediction" in said
    assert read(store, "select * from labels") == []


def frame(index, count=300):
    """A CSV file's lines as pandas writes them; `index` gives each row's number."""
    return [f"{index(n)},{n * 7919 % 100 / 10},{'abc'[n % 3]}" for n in range(count)]


INDEXES = {
    "shuffled": (",x,color", lambda n: n * 7 % 300),
    "in order": (",x,color", lambda n: n),
    "from one": (",x,color", lambda n: n + 1),
    "named by Excel": ("Unnamed: 0,x,color", lambda n: n),
    "reset": ("index,x,color", lambda n: n),
    "twice reset": ("level_0,x,color", lambda n: n * 7 % 300),
    "a sample": (",x,color", lambda n: n * 13 + 5),
    "as floats": (",x,color", lambda n: f"{n}.0"),
}


def learnt(store, lines_, tmp_path, options=(), toml=""):
    """Freeze a file as the reference; return the kinds of its columns."""
    (tmp_path / "train.csv").write_text("\n".join(lines_) + "\n")
    (tmp_path / "modeltap.toml").write_text(toml)
    put(
        store,
        every(1, 300),
        [{"x": n * 7919 % 100 / 10, "color": "abc"[n % 3]} for n in range(300)],
    )
    run("reference", "set", "--model", "m", "--file", "train.csv", "--store", store, *options)
    analyze(store, {"window": "100 rows", "reference": "first 9000 rows"})
    (row,) = read(store, "select payload from \"references\" where state = 'active'")
    return {one["name"]: one["kind"] for one in json.loads(row["payload"])["features"]}


@pytest.mark.parametrize(("header", "index"), INDEXES.values(), ids=INDEXES)
def test_the_index_of_a_frame_is_no_feature(store, tmp_path, header, index):
    """So nothing is missing for ever, and no column is new."""
    found = learnt(store, [header, *frame(index)], tmp_path)
    assert found == {"x": "numeric", "color": "categorical"}
    alerts = read(store, "select rule, feature, metric, summary from alerts")
    assert [row for row in alerts if row["rule"] in ("data_quality", "data_drift")] == []


CODES = {
    "question mark": ("?", '["?"]'),
    "number": ("-999", "[-999]"),
    "number as text": ("-999", '["-999"]'),
    "word": ("unknown", '["unknown"]'),
    "two": ("n.v.", '["n.v.", "?"]'),
    "star": ("*", '["*"]'),
    "float": ("-9.99", "[-9.99]"),
    "spaces": (" ? ", '["?"]'),
}


@pytest.mark.parametrize("of_feature", [False, True])
@pytest.mark.parametrize(("code", "declared"), CODES.values(), ids=CODES)
def test_declared_codes_are_taken_out_before_types_are_learnt(
    store, tmp_path, code, declared, of_feature
):
    """The column is of numbers in the file, and in what is compared with it."""
    rows = [f"{code if n % 5 == 0 else n * 7919 % 100 / 10},{'abc'[n % 3]}" for n in range(300)]
    section = "[models.m.features.x]" if of_feature else "[models.m]"
    toml = f"{section}\nmissing_values = {declared}\n"
    found = learnt(store, ["x,color", *rows], tmp_path, toml=toml)
    assert found == {"x": "numeric", "color": "categorical"}
