"""MLServer: started as it is, with the server of metrics that it has beside; V2 by two clients."""

from __future__ import annotations

import json

import httpx
import pytest

from model_servers import (
    LABELS,
    ROWS,
    RUN,
    TENSORS,
    assert_decoded,
    recorded,
    same_answers,
)
from ports import free_port

pytestmark = pytest.mark.servers

MODEL = """
import iris
import numpy as np
from mlserver import MLModel
from mlserver.codecs import decode_args

class Iris(MLModel):
    async def load(self):
        self.model = iris.model()
        return True

    @decode_args
    async def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x)
"""

CLIENT = """
import httpx, json, numpy, sys
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

rows = numpy.array(json.loads(sys.argv[2]))
asked = InferenceRequest(inputs=[NumpyCodec.encode_input("x", rows)])
url = sys.argv[1] + "/v2/models/iris/infer"
answer = httpx.post(url, json=asked.model_dump(), trust_env=False, verify=False)
found = InferenceResponse.model_validate(answer.json()).outputs[0]
print(json.dumps(NumpyCodec.decode_output(found).ravel().tolist()))
"""

TRITON = """
import json, numpy, sys
from tritonclient.http import InferenceServerClient, InferInput

rows = numpy.array(json.loads(sys.argv[2]))
asked = InferInput("x", rows.shape, "FP64")
asked.set_data_from_numpy(rows, binary_data=False)
client = InferenceServerClient(sys.argv[1].removeprefix("http://"))
print(json.dumps(client.infer("iris", [asked]).get_response()["outputs"][0]["data"]))
"""


READY = ("/v2/models/iris/ready", [200])


def serve(made, tap=()):
    """MLServer takes its ports from the environment; one worker beside itself crashes today."""
    made.write("irises.py", MODEL)
    made.write("model-settings.json", '{"name": "iris", "implementation": "irises.Iris"}')
    port, metrics = free_port(), free_port()
    server = made.start(
        "mlserver",
        "start",
        ".",
        tap=tap,
        port=port,
        MLSERVER_HTTP_PORT=str(port),
        MLSERVER_GRPC_PORT=str(free_port()),
        MLSERVER_METRICS_PORT=str(metrics),
        MLSERVER_HOST="127.0.0.1",
        MLSERVER_PARALLEL_WORKERS="0",
    )
    return server, f"http://127.0.0.1:{metrics}"


def test_mlserver_start_is_tapped_unmodified(environment, tmp_path):
    """The same bytes and a record each; its server of metrics is left alone."""
    made = environment("mlserver")
    (plain, _), (tapped, metrics) = serve(made), serve(made, RUN)
    plain.wait(*READY)
    tapped.wait(*READY)
    expected = same_answers(plain, tapped, [("/v2/models/iris/infer", {"json": TENSORS})] * 2)
    for path, status in (("/metrics", 200), ("/nothing", 404)):
        answer = httpx.get(f"{metrics}{path}", trust_env=False, verify=False)
        assert answer.status_code == status and "x-modeltap-id" not in answer.headers
    tapped.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert {one[2] for one in expected} == {200}


def called(environment):
    made = environment("mlserver")
    server, _ = serve(made, RUN)
    server.wait(*READY)
    for client in (CLIENT, TRITON):
        assert made.call(client, server.url, json.dumps(ROWS)) == LABELS
    server.stop()


def test_what_its_clients_asked_is_recorded(environment, tmp_path):
    """MLServer's own codecs, and Triton's client."""
    called(environment)
    own, tritons = recorded(tmp_path / "taps.db", 2)
    for row in (own, tritons):
        assert row[1:3] == ("/v2/models/iris/infer", 200)
        assert json.loads(row[3])["inputs"][0]["shape"] == [2, 4]


def test_tensors_are_decoded(environment, tmp_path):
    """A row of the shape's first dimension each, whichever client wrote them."""
    called(environment)
    assert_decoded(tmp_path / "taps.db", [(2, LABELS)] * 2)
