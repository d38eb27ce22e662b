"""BentoML: a service as it is, and with one line more, called by its own client."""

from __future__ import annotations

import json

import pytest

from model_servers import (
    LABELS,
    ROWS,
    RUN,
    assert_decoded,
    decoded,
    recorded,
    same_answers,
)

pytestmark = pytest.mark.servers

SERVICE = """
import bentoml, iris

@bentoml.service(workers=2)
class Iris:
    def __init__(self):
        self.model = iris.model()

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[int]:
        return self.model.predict(rows).tolist()

    @bentoml.api
    def classify(self, rows: list[list[float]], scale: float = 1.0) -> dict:
        return {"labels": self.model.predict(rows).tolist()}
"""

WATCHED = """
import modeltap
modeltap.watch(Iris, model="iris", store="taps.db", analyze=False)
"""

CLIENT = """
import bentoml, json, sys
with bentoml.SyncHTTPClient(sys.argv[1]) as client:
    print(json.dumps(client.predict(rows=json.loads(sys.argv[2]))))
"""


def serve(environment, module="service", tap=()):
    return environment.start("bentoml", "serve", f"{module}:Iris", "-p", "{port}", tap=tap)


def test_bentoml_serve_is_tapped_unmodified(environment, tmp_path):
    """Its workers share a socket: whichever answers, the same bytes and a record."""
    made = environment("bentoml")
    made.write("service.py", SERVICE)
    plain, tapped = serve(made), serve(made, tap=RUN)
    plain.wait("/livez", [200])
    tapped.wait("/livez", [200])
    asked = [("/predict", {"json": {"rows": ROWS}})] * 4 + [("/predict", {"json": {"raws": 1}})]
    expected = same_answers(plain, tapped, asked)
    tapped.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert [one[2] for one in expected] == [200, 200, 200, 200, 400]
    assert decoded(tmp_path / "taps.db")[:4] == [(2, LABELS)] * 4


def watched(made):
    made.write("service.py", SERVICE + WATCHED)
    return serve(made).wait("/livez", [200])


def test_a_watched_service_answers_its_own_client(environment, tmp_path):
    """What the client called and what it was given is in the store."""
    made = environment("bentoml")
    server = watched(made)
    assert made.call(CLIENT, server.url, json.dumps(ROWS)) == LABELS
    server.stop()
    # The client also asks for what the service can do.
    (row,) = recorded(tmp_path / "taps.db", 1, "method = 'POST'")
    assert row[1:3] == ("/predict", 200)
    assert (json.loads(row[3]), json.loads(row[4])) == ({"rows": ROWS}, LABELS)
    assert (2, LABELS) in decoded(tmp_path / "taps.db")


def test_bentomls_own_forms_are_decoded(environment, tmp_path):
    """A call of two arguments, of which one holds the rows."""
    server = watched(environment("bentoml"))
    answer = server.ask("/classify", json={"rows": ROWS, "scale": 1.0})
    assert answer.json() == {"labels": LABELS}
    server.stop()
    assert_decoded(tmp_path / "taps.db", [(2, LABELS)])
