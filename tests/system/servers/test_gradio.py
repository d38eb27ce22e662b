"""Gradio: a script as it is, and with one line more, called by its own client."""

from __future__ import annotations

import json

import pytest

from model_servers import RUN, assert_decoded, recorded

pytestmark = pytest.mark.servers

SCRIPT = """
import gradio, iris, sys

model = iris.model()

def predict(a, b, c, d):
    return int(model.predict([[a, b, c, d]])[0])

demo = gradio.Interface(predict, [gradio.Number() for _ in range(4)], gradio.Number())
# here
demo.launch(server_port=int(sys.argv[1]))
"""

WATCH = "import modeltap; modeltap.watch(demo, model='iris', store='taps.db', analyze=False)"

CLIENT = """
import json, sys
from gradio_client import Client
client = Client(sys.argv[1], verbose=False)
print(json.dumps([client.predict(*row, api_name="/predict") for row in json.loads(sys.argv[2])]))
"""

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]


def called(environment, source, tap=()):
    made = environment("gradio")
    made.write("server.py", source)
    server = made.start(
        str(made.python), "server.py", "{port}", tap=tap, GRADIO_ANALYTICS_ENABLED="False"
    ).wait("/", [200])
    answered = made.call(CLIENT, server.url, json.dumps(ROWS))
    server.stop()
    return answered


def calls(store):
    """What is recorded but for pages, files and heartbeats: requests, and their answers."""
    rows = recorded(store, 2 * len(ROWS), "path like '%/queue/%'")
    assert {row[2] for row in rows} == {200}
    asked = [json.loads(row[3])["data"] for row in rows if row[1].endswith("/join")]
    events = [
        line.removeprefix("data: ")
        for row in rows
        if row[1].endswith("/data")
        for line in row[4].splitlines()
        if line
    ]
    said = [json.loads(event) for event in events]
    return asked, [one["output"]["data"] for one in said if one["msg"] == "process_completed"]


@pytest.mark.parametrize(
    ("source", "tap"),
    [
        pytest.param(SCRIPT, (), id="plain"),
        pytest.param(SCRIPT, RUN, id="run"),
        pytest.param(SCRIPT.replace("# here", WATCH), (), id="watch"),
    ],
)
def test_a_gradio_app_answers_its_client_and_is_recorded(environment, tmp_path, source, tap):
    """The same answers without a tap; with one, requests and the events that answer them."""
    assert called(environment, source, tap) == [0, 2]
    if (tmp_path / "taps.db").exists():
        assert calls(tmp_path / "taps.db") == (ROWS, [[0], [2]])
    assert (tmp_path / "taps.db").exists() == (source != SCRIPT or tap == RUN)


def test_a_watched_gradio_app_records_its_calls_alone(environment, tmp_path):
    """Not the page, its files and its heartbeat."""
    called(environment, SCRIPT.replace("# here", WATCH))
    paths = {row[1] for row in recorded(tmp_path / "taps.db", 2 * len(ROWS))}
    assert paths == {"/gradio_api/queue/join", "/gradio_api/queue/data"}


def test_calls_are_decoded(environment, tmp_path):
    """The answer comes on another exchange; each call is one row with its prediction."""
    called(environment, SCRIPT.replace("# here", WATCH))
    assert_decoded(tmp_path / "taps.db", [(0, []), (1, [0]), (0, []), (1, [2])])
