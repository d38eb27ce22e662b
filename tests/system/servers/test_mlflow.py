"""MLflow: its own command as it is, and its scoring app in a server of one's own."""

from __future__ import annotations

import pytest

import modeltap
from model_servers import (
    LABELS,
    ROWS,
    RUN,
    Environment,
    assert_decoded,
    decoded,
    python_of,
    recorded,
    recorded_as,
    same_answers,
)
from stores import analyze, read

pytestmark = pytest.mark.servers

SAVE = """
import iris, mlflow
mlflow.sklearn.save_model(iris.model(), "model", serialization_format="cloudpickle")
"""

APP = """
import modeltap
from mlflow.pyfunc.scoring_server.app import app

modeltap.watch(app, model="iris", store="taps.db", analyze=False)
"""

BESIDE = (
    "join predictions c on c.exchange_id = p.exchange_id and c.row = p.row "
    "and c.candidate = 'new' and c.prediction = p.prediction"
)

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
TABLE = "".join(",".join(map(str, line)) + "\n" for line in [COLUMNS, *ROWS])

PLAIN = [{"json": {"instances": ROWS}}, {"json": {"dataframe_records": RECORDS}}]
OWN = [
    {"json": {"dataframe_split": {"columns": COLUMNS, "data": ROWS}}},
    {"content": TABLE, "headers": {"content-type": "text/csv"}},
]
WRONG = [{"json": {"nonsense": ROWS}}]


def asked(bodies):
    return [("/invocations", said) for said in bodies]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a model that MLflow has saved."""
    made = Environment(python_of("mlflow", "mlflow"), tmp_path_factory.mktemp("mlflow"))
    made.call(SAVE)
    return str(made.folder / "model")


def serve(made, model, workers, tap=()):
    return made.start(
        "mlflow",
        "models",
        "serve",
        "-m",
        model,
        "-p",
        "{port}",
        "--env-manager",
        "local",
        "--workers",
        str(workers),
        tap=tap,
    )


def test_mlflow_models_serve_is_tapped_unmodified(environment, model, tmp_path):
    """Two workers, all forms of a body, and a wrong one: the same answers, and a record each."""
    made = environment("mlflow")
    plain, tapped = serve(made, model, 1), serve(made, model, 2, RUN)
    plain.wait()
    tapped.wait()
    expected = same_answers(plain, tapped, asked([*PLAIN, *OWN, *WRONG]))
    tapped.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert [one[2] for one in expected] == [200, 200, 200, 200, 400]
    assert decoded(tmp_path / "taps.db")[:2] == [(2, LABELS), (2, LABELS)]


def watched(made, model):
    made.write("app.py", APP)
    said = {"__pyfunc_model_path__": model}
    return made.start("uvicorn", "app:app", "--port", "{port}", **said).wait()


def test_mlflows_scoring_app_is_watched(environment, model, tmp_path):
    """By one line, where the app is served by a server of one's own."""
    server = watched(environment("mlflow"), model)
    expected = [recorded_as(server.ask(path, **said)) for path, said in asked(PLAIN)]
    server.stop()
    assert recorded(tmp_path / "taps.db", len(expected)) == expected
    assert decoded(tmp_path / "taps.db") == [(2, LABELS)] * 2


def test_stored_requests_are_replayed_to_a_second_server(environment, model, tmp_path):
    """The champion is tapped, the challenger is not; it is killed once and answers after that."""
    made, store = environment("mlflow"), tmp_path / "taps.db"
    champion = serve(made, model, 1, RUN).wait()
    bodies = [*PLAIN, *OWN, *WRONG]
    for path, said in asked(bodies):
        champion.ask(path, **said)
    champion.stop()
    recorded(store, len(bodies))
    analyze(store, {})
    (name,) = {row["model"] for row in read(store, "select model from exchanges")}
    challenger = serve(made, model, 1).wait()
    report = modeltap.replay(challenger.url, model=name, name="new", store=store)
    assert (report.sent, report.answered, report.rows) == (4, 4, 8)
    assert report.left_out == {"failed at the model": 1}
    pairs = read(store, "select count(*) n from predictions where candidate = 'new'")
    assert pairs == [{"n": 8}]
    same = read(store, f"select count(*) n from predictions p {BESIDE} where p.candidate = ''")
    assert same == [{"n": 8}]
    challenger.end()
    again = modeltap.replay(challenger.url, model=name, name="new", again=True, store=store)
    assert again.stopped and "connection refused" in again.failure


def test_mlflows_own_forms_are_decoded(environment, model, tmp_path):
    """A data frame split into columns and rows, and a table as CSV: rows with their names."""
    server = watched(environment("mlflow"), model)
    for path, said in asked(OWN):
        assert server.ask(path, **said).json() == {"predictions": LABELS}
    server.stop()
    assert_decoded(tmp_path / "taps.db", [(2, LABELS)] * 2)
