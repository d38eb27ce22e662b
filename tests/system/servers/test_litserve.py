"""LitServe: a script as it is, and with one line more; its OpenAI endpoint, by OpenAI's client."""

from __future__ import annotations

import json
import signal

import pytest

from model_servers import (
    LABELS,
    ROWS,
    RUN,
    decoded,
    recorded,
    recorded_as,
    same_answers,
)

pytestmark = pytest.mark.servers

SCRIPT = """
import iris, litserve, signal, sys

class Iris(litserve.LitAPI):
    def setup(self, device):
        self.model = iris.model()

    def decode_request(self, request):
        return request["rows"]

    def predict(self, rows):
        return self.model.predict(rows).tolist()

    def encode_response(self, labels):
        return {"predictions": labels}

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where it was started to ignore it
    server = litserve.LitServer(Iris(), accelerator="cpu")
    # here
    server.run(port=int(sys.argv[1]), num_api_servers=2, generate_client_file=False)
"""

WATCH = "import modeltap; modeltap.watch(server, model='iris', store='taps.db', analyze=False)"

CHAT = """
import litserve, signal, sys

class Echo(litserve.LitAPI):
    def setup(self, device):
        pass

    def predict(self, asked):
        for word in asked.messages[-1].content.split():
            yield word + " "

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where it was started to ignore it
    server = litserve.LitServer(Echo(spec=litserve.OpenAISpec()), accelerator="cpu")
    # here
    server.run(port=int(sys.argv[1]), generate_client_file=False)
"""

CLIENT = """
import json, openai, sys
client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="sk-secret", max_retries=0)
said = {"model": "echo", "messages": [{"role": "user", "content": "one two three"}]}
whole = client.chat.completions.create(**said).choices[0].message.content
parts = [part.choices[0].delta.content or "" for part in
         client.chat.completions.create(stream=True, **said) if part.choices]
print(json.dumps([whole, "".join(parts)]))
"""


READY = ("/health", [200])


def serve(made, source, tap=()):
    """LitServe ends its workers on Ctrl-C, and leaves them behind on SIGTERM."""
    made.write("server.py", source)
    command = (str(made.python), "server.py", "{port}")
    return made.start(*command, tap=tap, stop_with=signal.SIGINT)


def test_a_litserve_script_is_tapped_unmodified(environment, tmp_path):
    """Its forked servers of the API, not its workers: the same bytes and a record each."""
    made = environment("litserve")
    plain, tapped = serve(made, SCRIPT), serve(made, SCRIPT, RUN)
    plain.wait(*READY)
    tapped.wait(*READY)
    asked = [("/predict", {"json": {"rows": ROWS}})] * 4
    expected = same_answers(plain, tapped, asked)
    tapped.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert {one[2] for one in expected} == {200}
    assert decoded(tmp_path / "taps.db") == [(2, LABELS)] * 4


def test_a_watched_litserver_records(environment, tmp_path):
    """One line before `run`."""
    made = environment("litserve")
    server = serve(made, SCRIPT.replace("# here", WATCH)).wait(*READY)
    expected = [recorded_as(server.ask("/predict", json={"rows": ROWS})) for _ in range(4)]
    server.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected


def chatted(environment):
    made = environment("litserve")
    server = serve(made, CHAT.replace("# here", WATCH)).wait(*READY)
    answered = made.call(CLIENT, server.url)
    server.stop()
    return answered


def test_what_openais_client_was_told_is_recorded_and_decoded(environment, tmp_path):
    """At once and as a stream of events, one text either way; no key is in the store."""
    assert chatted(environment) == ["one two three ", "one two three "]
    whole, stream = recorded(tmp_path / "taps.db", 2)
    for row in (whole, stream):
        assert row[1:3] == ("/v1/chat/completions", 200)
        assert json.loads(row[3])["messages"][0]["content"] == "one two three"
    assert json.loads(whole[4])["choices"][0]["message"]["content"] == "one two three "
    events = [line.removeprefix("data: ") for line in stream[4].splitlines() if line]
    deltas = [json.loads(event)["choices"][0]["delta"] for event in events[:-1]]
    assert "".join(delta.get("content") or "" for delta in deltas) == "one two three "
    assert events[-1] == "[DONE]"
    assert b"sk-secret" not in (tmp_path / "taps.db").read_bytes()
    assert decoded(tmp_path / "taps.db") == [(1, ["one two three "])] * 2
