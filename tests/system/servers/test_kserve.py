"""KServe: a script as it is, with workers that are spawned; V1 and V2, by its own clients."""

from __future__ import annotations

import json

import pytest

from model_servers import (
    LABELS,
    ROWS,
    RUN,
    TENSORS,
    assert_decoded,
    decoded,
    recorded,
    same_answers,
)
from stores import read

pytestmark = pytest.mark.servers

SCRIPT = """
import iris, sys
from kserve import Model, ModelServer
from kserve.model_server import app
from kserve.utils.utils import get_predict_input, get_predict_response
# at the top

class Iris(Model):
    def __init__(self):
        super().__init__("iris")
        self.model = iris.model()
        self.ready = True

    def predict(self, payload, headers=None):
        return get_predict_response(payload, self.model.predict(get_predict_input(payload)), "iris")

if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:])
    server = ModelServer(http_port=port, workers=workers, enable_grpc=False)
    # here
    server.start([Iris()])
"""

WATCH = "import modeltap; modeltap.watch({}, model='own', store='taps.db', analyze=False)"

V1 = ("/v1/models/iris:predict", {"json": {"instances": ROWS}})
V2 = ("/v2/models/iris/infer", {"json": TENSORS})

CLIENT = """
import asyncio, json, sys
from kserve import InferenceRESTClient, RESTConfig

async def ask():
    client = InferenceRESTClient(RESTConfig(protocol="v1", retries=1))
    rows = json.loads(sys.argv[2])
    answer = await client.infer(sys.argv[1], {"instances": rows}, model_name="iris")
    print(json.dumps(answer))

asyncio.run(ask())
"""

TRITON = """
import json, numpy, sys
from tritonclient.http import InferenceServerClient, InferInput

rows = numpy.array(json.loads(sys.argv[2]))
asked = InferInput("x", rows.shape, "FP64")
asked.set_data_from_numpy(rows, binary_data=True)
client = InferenceServerClient(sys.argv[1].removeprefix("http://"))
answer = client.infer("iris", [asked], request_id="asked-2")
name = answer.get_response()["outputs"][0]["name"]
print(json.dumps(answer.as_numpy(name).ravel().tolist()))
"""


def serve(made, source, workers=1, tap=()):
    made.write("server.py", source)
    return made.start(str(made.python), "server.py", "{port}", str(workers), tap=tap)


def test_a_kserve_script_is_tapped_unmodified(environment, tmp_path):
    """V1 and V2 give the same bytes and a record each, under the model that the path names."""
    made = environment("kserve")
    plain, tapped = serve(made, SCRIPT), serve(made, SCRIPT, workers=2, tap=RUN)
    plain.wait("/v2/health/ready", [200])
    tapped.wait("/v2/health/ready", [200])
    expected = same_answers(plain, tapped, [V1, V2, V1, V2])
    tapped.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert {one[2] for one in expected} == {200}
    assert read(tmp_path / "taps.db", "select distinct model from exchanges") == [{"model": "iris"}]
    found = decoded(tmp_path / "taps.db")
    assert [found[0], found[2]] == [(2, LABELS)] * 2


@pytest.mark.parametrize(
    ("place", "line", "workers"),
    [
        pytest.param("# at the top", WATCH.format("app"), 2, id="app"),
        pytest.param("# here", WATCH.format("server"), 1, id="server"),
    ],
)
def test_a_watched_kserve_answers_its_own_client(environment, tmp_path, place, line, workers):
    """By its app, or by the server that serves it."""
    made = environment("kserve")
    server = serve(made, SCRIPT.replace(place, line), workers).wait("/v2/health/ready", [200])
    assert made.call(CLIENT, server.url, json.dumps(ROWS)) == {"predictions": LABELS}
    server.stop()
    (row,) = recorded(tmp_path / "taps.db", 1)
    assert row[1:3] == ("/v1/models/iris:predict", 200)
    assert json.loads(row[3]) == {"instances": ROWS}
    assert decoded(tmp_path / "taps.db") == [(2, LABELS)]


SEVERAL = """
import json, kserve, modeltap
try:
    modeltap.watch(kserve.ModelServer(workers=2), model="m")
except modeltap.NotWatchableError as error:
    print(json.dumps(str(error)))
"""


def test_a_server_of_several_workers_is_told_what_to_write(environment):
    """They are started anew, and would know nothing of it."""
    said = environment("kserve").call(SEVERAL)
    assert "call modeltap.watch(kserve.model_server.app, ...) at the top of the module" in said


def tensors(environment):
    made = environment("kserve")
    server = serve(made, SCRIPT, tap=RUN).wait("/v2/health/ready", [200])
    assert server.ask(V2[0], **V2[1]).json()["outputs"][0]["data"] == LABELS
    assert made.call(TRITON, server.url, json.dumps(ROWS)) == LABELS
    server.stop()


def test_binary_tensors_are_recorded(environment, tmp_path):
    """As they came, bytes behind their JSON, sent by Triton's client without a content type."""
    tensors(environment)
    _, row = recorded(tmp_path / "taps.db", 2)
    assert row[1:3] == ("/v2/models/iris/infer", 200)
    assert isinstance(row[3], bytes) and b'"id":"asked-2"' in row[3]


def test_tensors_are_decoded(environment, tmp_path):
    """V2 in JSON and in binary: a row of the shape's first dimension each."""
    tensors(environment)
    assert_decoded(tmp_path / "taps.db", [(2, LABELS)] * 2)
