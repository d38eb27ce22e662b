"""Rows of a language model are analysed as those of any other model are."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import httpx
import pytest

from command import lines, modeltap
from stores import analyze, every, put, read

DOCS = Path(__file__).parents[3] / "docs" / "llm.md"
ORDERS = ["where", "is", "my", "order", "refund", "invoice", "delivery", "late", "parcel"]
CODE = ["write", "python", "code", "function", "loop", "error", "traceback", "class"]


def exchange(rng, words, longest):
    """Return a request and its streamed answer, of so many words at most."""
    prompt = " ".join(rng.choices(words, k=rng.randint(5, longest)))
    said = rng.choices(words, k=rng.randint(5, longest))
    pieces = [{"choices": [{"index": 0, "delta": {"content": f"{word} "}}]} for word in said]
    pieces.append(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": rng.choice(["stop", "length"])}]}
    )
    usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(said)}
    pieces.append({"id": "c", "model": "m-1", "choices": [], "usage": usage})
    body = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"
    return {"model": "m", "messages": [{"role": "user", "content": prompt}]}, body


@pytest.fixture
def analysed(store):
    """200 exchanges about orders are the reference; 100 about code, and longer, come after them."""
    rng = random.Random(7)
    found = [exchange(rng, ORDERS, 12) for _ in range(200)]
    found += [exchange(rng, CODE, 30) for _ in range(100)]
    put(
        store,
        every(1, 300),
        [asked for asked, _ in found],
        responses=[answered for _, answered in found],
    )
    said = {"reference": "first 200 rows", "window": "100 rows", "multivariate": False}
    analyze(store, said)
    return store


def test_prompts_are_texts_tokens_are_numbers_and_both_drift(analysed):
    """So do completions; reasons of an end are categories."""
    (reference,) = read(analysed, 'select payload from "references"')
    kinds = {f["name"]: f["kind"] for f in json.loads(reference["payload"])["features"]}
    assert kinds["prompt"] == kinds["prediction"] == "text"
    assert kinds["input_tokens"] == kinds["output_tokens"] == "numeric"
    assert kinds["finish_reason"] == kinds["model_name"] == "categorical"
    drifted = {
        row["feature"]
        for row in read(
            analysed, "select feature from metrics where metric = 'drift' and verdict = 'alert'"
        )
    }
    assert {"prompt.words", "prediction.words", "input_tokens", "output_tokens"} <= drifted
    assert "finish_reason" not in drifted
    notes = read(
        analysed,
        "select distinct v.decode_note, e.protocol_id from exchanges e join v_exchanges v "
        "using (seq)",
    )
    assert notes == [{"decode_note": None, "protocol_id": "c"}]
    for text in re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.S):
        for row in read(analysed, text):
            assert any(word in row["prompt"] for word in ORDERS + CODE) and row["completion"]


def test_one_that_was_cut_does_not_stand_for_all_of_its_kind(store):
    """Flat requests would be taken for rows of a table, if the first of them were no JSON."""
    good = {"model": "m", "prompt": "hi"}
    answer = json.dumps({"choices": [{"index": 0, "text": "ho", "finish_reason": "stop"}]})
    put(store, every(1, 100), [good] * 100, responses=[answer] * 100)
    from modeltap.store.connection import connect

    connection = connect(store)
    connection.execute("update exchanges set request_body = '{\"model\": ' where seq = 1")
    connection.close()
    analyze(store, {})
    found = read(store, "select prediction from predictions")
    assert [row["prediction"] for row in found] == ["ho"] * 99


def test_show_says_on_one_line_how_a_stream_came(llm):
    """Not the times of all its lines; in JSON they are."""
    body = {"model": "plain", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    answer = httpx.post(f"{llm.url}/v1/chat/completions", json=body, trust_env=False, verify=False)
    llm.seen()
    id_ = answer.headers["x-modeltap-id"]
    shown = modeltap("show", id_, "--store", llm.store)
    (line,) = [line for line in shown.splitlines() if line.startswith("stream ")]
    assert re.search(r"7 chunks, gap_p50_ms \S+, .*; 14 lines, from \S+ to \S+ ms$", line)
    (found,) = lines(modeltap("show", id_, "--store", llm.store, "--json"))
    assert json.loads(found["stream"])["chunks"] == 7


def test_show_tells_what_an_exchange_is_decoded_to(analysed):
    """The prompt, the completion, and what else the answer says."""
    (shown,) = lines(modeltap("show", "r17", "--store", analysed, "--json"))
    (row,) = shown["rows"]
    assert row["features"]["prompt"] == json.loads(shown["request_body"])["messages"][0]["content"]
    assert row["prediction"] == shown["predictions"][0]["prediction"]
    assert row["answer"]["input_tokens"] == len(row["features"]["prompt"].split())
    assert row["answer"]["streamed"] is True
