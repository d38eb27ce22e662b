"""Ray Serve: a FastAPI app as its ingress, in a replica; or tapped at Ray's own proxy."""

from __future__ import annotations

import pytest

from model_servers import LABELS, ROWS, RUN, decoded, recorded, recorded_as

pytestmark = pytest.mark.servers

SCRIPT = """
import os, signal, sys
import ray
from fastapi import FastAPI, Request
from ray import serve

app = FastAPI()
# here

@serve.deployment
@serve.ingress(app)
class Iris:
    def __init__(self):
        import iris
        self.model = iris.model()

    @app.post("/predict")
    async def predict(self, request: Request) -> dict:
        rows = (await request.json())["rows"]
        return {"predictions": self.model.predict(rows).tolist()}

ray.init(num_cpus=2, include_dashboard=False)
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
serve.run(Iris.bind())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
"""


WATCH = """
import modeltap
modeltap.watch(app, model="iris", store=os.path.abspath("taps.db"), analyze=False)
"""


@pytest.mark.parametrize(
    ("source", "tap"),
    [
        pytest.param(SCRIPT.replace("# here", WATCH), (), id="watch"),
        pytest.param(SCRIPT, RUN, id="run"),
    ],
)
def test_the_app_of_an_ingress_is_tapped(environment, tmp_path, source, tap):
    """It is sent to its replica as a pickle, with the tap; or the proxy before it is tapped."""
    made = environment("ray")
    made.write("server.py", source)
    command = (str(made.python), "server.py", "{port}")
    told = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(tmp_path)}
    server = made.start(*command, tap=tap, **told)
    server.wait("/docs", [200])
    answer = server.ask("/predict", json={"rows": ROWS})
    assert answer.json() == {"predictions": LABELS}
    server.stop()
    assert recorded(tmp_path / "taps.db", 1) == [recorded_as(answer)]
    assert decoded(tmp_path / "taps.db") == [(2, LABELS)]
