"""Shadow traffic from a real app to a real challenger: the app's own responses come first."""

from __future__ import annotations

import httpx

from challengers import challenging
from modeltap.writer.shadow_outcomes import ENDED, ERROR_STATUS, KEPT, PAUSED

APP = """import modeltap
from fastapi import FastAPI
app = FastAPI()

@app.post("/predict")
def predict(row: dict):
    return {"prediction": row["x"] * 2}

@app.get("/stats")
def stats():
    return modeltap.stats()

modeltap.watch(
    app, model="m", store="taps.db", analyze=False, methods=["POST"],
    shadow={"url": "%s", "fraction": 1.0, "allow_private": True, "timeout_seconds": 30},
)
"""

PAIRS = (
    "select json_extract(request_body, '$.x'), p.prediction from exchanges e "
    "join predictions p on p.exchange_id = e.id where p.candidate = 'shadow' order by e.seq"
)


def ask(url, count):
    with httpx.Client(trust_env=False, verify=False) as client:
        return [
            client.post(f"{url}/predict", json={"x": x}, timeout=60).json()["prediction"]
            for x in range(count)
        ]


OUTCOMES = "select outcome, sum(count) from shadow_counts group by 1"


def test_all_responses_complete_while_the_challenger_never_answers(
    serve, store, eventually, read_rows
):
    """The app ends in time, too, and every request that was chosen has an outcome."""
    with challenging("never") as challenger:
        served = serve(APP % challenger.url)
        assert ask(served.url, 100) == [2 * x for x in range(100)]
        assert eventually(lambda: len(challenger.received) == 4)  # no more at a time
        served.stop()
        assert eventually(lambda: dict(map(tuple, read_rows(store, OUTCOMES))) == {ENDED: 100})
    assert len(read_rows(store)) == 100


def test_two_workers_send_theirs_and_a_challenger_that_comes_back_is_used_again(
    serve, store, eventually, read_rows
):
    """Each process of gunicorn has its own sender; predictions are paired with the model's own."""
    with challenging("error") as challenger:
        served = serve(
            APP % challenger.url,
            *("-m", "gunicorn", "app:app", "-w", "2", "-k", "uvicorn_worker.UvicornWorker"),
            *("--bind", "127.0.0.1:{port}", "--log-level", "warning"),
        )
        assert ask(served.url, 40) == [2 * x for x in range(40)]
        assert eventually(lambda: sum(count for _, count in read_rows(store, OUTCOMES)) == 40)
        challenger.behaviour = "works"

        def is_used_again():
            ask(served.url, 5)
            return len(read_rows(store, PAIRS)) > 20

        assert eventually(is_used_again)

        def counts_of_a_worker():
            return httpx.get(f"{served.url}/stats", trust_env=False, verify=False).json()["shadow"]

        # The other worker may have had all requests.
        assert eventually(lambda: sum(counts_of_a_worker().values()) > 0)
        assert counts_of_a_worker().keys() <= {KEPT, ERROR_STATUS, PAUSED}
    pairs = read_rows(store, PAIRS)
    assert [prediction for _, prediction in pairs] == [3 * x for x, _ in pairs]
    assert all(
        headers["content-type"] == "application/json" for *_, headers, _ in challenger.received
    )
