"""Ray Serve: a FastAPI app as its ingress, in a replica that it starts."""

from __future__ import annotations

import pytest

from model_servers import LABELS, ROWS, decoded, recorded, recorded_as

pytestmark = pytest.mark.servers

SCRIPT = """
import os, signal, sys
import modeltap, ray
from fastapi import FastAPI, Request
from ray import serve

app = FastAPI()
modeltap.watch(app, model="iris", store=os.path.abspath("taps.db"), analyze=False)

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

ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": os.getcwd()}})
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
serve.run(Iris.bind())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
"""


def test_the_app_of_an_ingress_is_tapped_in_its_replica(environment, tmp_path):
    """It is sent there as a pickle, with the tap; the id comes back through Ray's own proxy."""
    made = environment("ray")
    made.write("server.py", SCRIPT)
    server = made.start(str(made.python), "server.py", "{port}", RAY_USAGE_STATS_ENABLED="0")
    server.wait("/docs", [200])
    answer = server.ask("/predict", json={"rows": ROWS})
    assert answer.json() == {"predictions": LABELS}
    server.stop()
    assert recorded(tmp_path / "taps.db", 1) == [recorded_as(answer)]
    assert decoded(tmp_path / "taps.db") == [(2, LABELS)]
