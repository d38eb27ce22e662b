"""Anthropic's client and a server that speaks its protocol, without any model."""

from __future__ import annotations

import json

import pytest

from model_servers import RUN, decoded, recorded

pytestmark = pytest.mark.servers

APP = """
import json
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()

MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "echo-1",
           "stop_reason": None, "stop_sequence": None}

def events(words):
    start = {**MESSAGE, "content": [], "usage": {"input_tokens": 3, "output_tokens": 0}}
    yield "message_start", {"message": start}
    yield "content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}
    yield "ping", {}
    for word in words:
        yield "content_block_delta", {"index": 0,
                                      "delta": {"type": "text_delta", "text": word + " "}}
    yield "content_block_stop", {"index": 0}
    yield "message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None},
                            "usage": {"output_tokens": 3}}
    yield "message_stop", {}

@app.post("/v1/messages")
async def messages(request: Request):
    asked = await request.json()
    words = asked["messages"][-1]["content"].split()
    if not asked.get("stream"):
        return {**MESSAGE, "stop_reason": "end_turn",
                "content": [{"type": "text", "text": " ".join(words)}],
                "usage": {"input_tokens": 3, "output_tokens": 3}}
    frames = (f"event: {kind}\\ndata: {json.dumps({'type': kind, **data})}\\n\\n"
              for kind, data in events(words))
    return StreamingResponse(frames, media_type="text/event-stream")
"""

CLIENT = """
import anthropic, json, sys
client = anthropic.Anthropic(base_url=sys.argv[1], api_key="sk-secret", max_retries=0)
said = {"model": "echo-1", "max_tokens": 9,
        "messages": [{"role": "user", "content": "one two three"}]}
whole = client.messages.create(**said).content[0].text
with client.messages.stream(**said) as stream:
    parts = "".join(stream.text_stream)
print(json.dumps([whole, parts]))
"""


def talked(environment):
    made = environment("litserve", "anthropic")
    made.write("app.py", APP)
    words = (str(made.python), "-m", "uvicorn", "app:app", "--port", "{port}")
    server = made.start(*words, tap=RUN).wait()
    answered = made.call(CLIENT, server.url)
    server.stop()
    return answered


def test_what_anthropics_client_was_told_is_recorded_and_decoded(environment, tmp_path):
    """At once and as named events, one text either way, of a server that was tapped unmodified."""
    assert talked(environment) == ["one two three", "one two three "]
    whole, stream = recorded(tmp_path / "taps.db", 2)
    for row in (whole, stream):
        assert row[1:3] == ("/v1/messages", 200)
        assert json.loads(row[3])["messages"][0]["content"] == "one two three"
    assert json.loads(whole[4])["content"][0]["text"] == "one two three"
    kinds = [line for line in stream[4].splitlines() if line.startswith("event: ")]
    assert (kinds[0], kinds[-1], len(kinds)) == ("event: message_start", "event: message_stop", 9)
    assert b"sk-secret" not in (tmp_path / "taps.db").read_bytes()
    texts = ["one two three", "one two three "]
    assert decoded(tmp_path / "taps.db") == [(1, [text]) for text in texts]
