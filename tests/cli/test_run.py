"""`modeltap run`: unmodified servers have each response recorded, in every worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from command import modeltap
from modeltap.injected import FOLDER

PLAIN = {"trust_env": False, "verify": False, "timeout": 20}
PREDICTIONS = "select * from exchanges where path like '%/predict' order by id"

ASGI = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def predict(request):
    return JSONResponse({"prediction": len(await request.body())})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])

def create_app():
    return app
"""

WSGI = """
from flask import Flask, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    return {"prediction": len(request.get_data())}
"""

METRICS = """
from fastapi import FastAPI

app = FastAPI()

@app.get("/metrics")
def metrics():
    return {}
"""


def run(*words):
    return ("-m", "modeltap", "run", "--model", "m", "--", sys.executable, *words)


def uvicorn(*words):
    return run("-m", "uvicorn", "--port", "{port}", "--log-level", "warning", *words)


def gunicorn(*words):
    return run(
        "-m",
        "gunicorn",
        "app:app",
        "--bind",
        "127.0.0.1:{port}",
        "--log-level",
        "warning",
        "--workers",
        "2",
        *words,
    )


def ask(served, content="[1]", path="/predict"):
    answer = httpx.post(f"{served.url}{path}", content=content, **PLAIN)
    assert answer.json() == {"prediction": len(content)}
    return answer


@pytest.mark.parametrize(
    ("source", "package", "words"),
    [
        pytest.param(ASGI, "uvicorn", uvicorn("app:app"), id="uvicorn"),
        pytest.param(ASGI, "uvicorn", uvicorn("app:app", "--workers", "2"), id="uvicorn-workers"),
        pytest.param(ASGI, "uvicorn", uvicorn("--factory", "app:create_app"), id="uvicorn-factory"),
        pytest.param(WSGI, "gunicorn", gunicorn(), id="gunicorn-sync"),
        pytest.param(
            WSGI, "gunicorn", gunicorn("--threads", "2", "--preload"), id="gunicorn-threads-preload"
        ),
        pytest.param(ASGI, "gunicorn.workers.gasgi", gunicorn("-k", "asgi"), id="gunicorn-asgi"),
        pytest.param(
            ASGI,
            "uvicorn_worker",
            gunicorn("-k", "uvicorn_worker.UvicornWorker"),
            id="gunicorn-uvicorn",
        ),
    ],
)
def test_each_response_of_an_unmodified_app_is_recorded(
    serve, read_rows, tmp_path, source, package, words
):
    """With the id and the body that the client received, in any worker."""
    pytest.importorskip(package, reason='pip install "modeltap[test]"')
    served = serve(source, *words)
    sent = {ask(served, "x" * n).headers["x-modeltap-id"]: "x" * n for n in range(1, 21)}
    served.stop()
    rows = read_rows(tmp_path / "modeltap.db", PREDICTIONS)
    assert {row["id"]: row["request_body"] for row in rows} == sent
    assert {(row["model"], row["route"]) for row in rows} == {("m", "/predict")}


def test_a_reloaded_app_is_recorded(serve, eventually, read_rows, tmp_path):
    """With uvicorn --reload, before and after a change of the source."""
    served = serve(ASGI, *uvicorn("app:app", "--reload"))
    before = ask(served).headers["x-modeltap-id"]
    (tmp_path / "app.py").write_text(ASGI.replace('"prediction"', '"predicted"'))

    def reloaded():
        answer = httpx.post(f"{served.url}/predict", **PLAIN)
        if "prediction" in answer.json():  # the reloader goes by what it sees at its first look
            os.utime(tmp_path / "app.py")
        return "predicted" in answer.json() and answer.headers["x-modeltap-id"]

    assert eventually(reloaded)
    served.stop()
    rows = read_rows(tmp_path / "modeltap.db", PREDICTIONS)
    pids = {row["pid"] for row in rows if "predicted" in row["response_body"]}
    assert rows[0]["id"] == before and pids and rows[0]["pid"] not in pids


MOUNTED = """
import modeltap
from starlette.applications import Starlette
from starlette.routing import Mount
from app_without import app as other

inner = Starlette(routes=[*other.routes])
modeltap.watch(inner, model="own")
app = Starlette(routes=[Mount("/inner", inner), *other.routes])
"""


@pytest.mark.parametrize(
    ("source", "words", "models"),
    [
        pytest.param(
            ASGI + "\nimport modeltap\nmodeltap.watch(app, model='own')\n",
            uvicorn("app:app"),
            {"/predict": "own"},
            id="starlette",
        ),
        pytest.param(
            WSGI + "\nimport modeltap\nmodeltap.watch(app, model='own')\n",
            gunicorn(),
            {"/predict": "own"},
            id="flask",
        ),
        pytest.param(
            MOUNTED, uvicorn("app:app"), {"/inner/predict": "own", "/predict": "m"}, id="mounted"
        ),
    ],
)
def test_an_app_with_its_own_tap_is_recorded_once(
    serve, read_rows, tmp_path, source, words, models
):
    """By its own tap, with its own options. A response has one id."""
    (tmp_path / "app_without.py").write_text(ASGI)
    served = serve(source, *words)
    answered = {path: ask(served, path=path).headers.get_list("x-modeltap-id") for path in models}
    served.stop()
    rows = read_rows(tmp_path / "modeltap.db", PREDICTIONS)
    assert [[row["id"]] for row in rows] == list(answered.values())
    assert [row["model"] for row in rows] == list(models.values())


CALLING = """
import httpx, modeltap
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from app_without import app as other

modeltap.watch(other, model="own")

async def predict(request):
    transport = httpx.ASGITransport(other)
    async with httpx.AsyncClient(transport=transport, base_url="http://inner") as client:
        answer = await client.post("/predict", content=await request.body())
    return JSONResponse(answer.json())

app = Starlette(routes=[Route("/outer/predict", predict, methods=["POST"])])
"""


def test_a_tapped_app_called_within_a_request_is_another_exchange(serve, read_rows, tmp_path):
    """The calling app has no tap of its own and is recorded, too."""
    (tmp_path / "app_without.py").write_text(ASGI)
    served = serve(CALLING, *uvicorn("app:app"))
    ask(served, path="/outer/predict")
    served.stop()
    rows = read_rows(tmp_path / "modeltap.db", PREDICTIONS)
    assert {row["path"]: row["model"] for row in rows} == {"/outer/predict": "m", "/predict": "own"}


PICKLING = """
import pickle

async def app(scope, receive, send):
    if scope["type"] == "http":
        pickle.dumps(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"prediction": 3}'})
"""


def test_arguments_of_an_app_can_still_be_pickled(serve):
    """Ray's proxy sends them to another process."""
    served = serve(PICKLING, *uvicorn("app:app", "--lifespan", "off"))
    assert "x-modeltap-id" in ask(served).headers
    served.stop()


def test_a_metrics_server_is_not_recorded(serve, tmp_path):
    """All routes of the app are excluded; its 404 responses are not recorded either."""
    served = serve(METRICS, *uvicorn("app:app"))
    for path in ("/metrics", "/nothing"):
        answer = httpx.get(f"{served.url}{path}", **PLAIN)
        assert "x-modeltap-id" not in answer.headers
    served.stop()
    assert not (tmp_path / "modeltap.db").exists()


def test_an_existing_sitecustomize_still_runs(serve, read_rows, tmp_path):
    """It runs after ours, as the module of that name."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, pathlib\npathlib.Path('ran').write_text(sys.modules[__name__].__file__)\n"
    )
    served = serve(ASGI, *uvicorn("app:app"))
    ask(served)
    served.stop()
    assert (tmp_path / "ran").read_text() == str(tmp_path / "sitecustomize.py")
    assert len(read_rows(tmp_path / "modeltap.db", PREDICTIONS)) == 1


def test_a_python_without_modeltap_serves_with_a_warning(serve, tmp_path, capfd):
    """One line with the fix; responses are unchanged."""
    venv.create(tmp_path / "bare")
    for package in ("uvicorn", "click", "h11"):
        folder = Path(find_spec(package).origin).parent
        (tmp_path / package).symlink_to(folder, target_is_directory=True)
    source = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"1"})
"""
    python = str(tmp_path / "bare/bin/python")
    words = ("-m", "uvicorn", "app:app", "--port", "{port}", "--log-level", "warning")
    served = serve(source, "-m", "modeltap", "run", "--", python, *words, "--lifespan", "off")
    answer = httpx.get(served.url, **PLAIN)
    assert answer.text == "1" and "x-modeltap-id" not in answer.headers
    served.stop()
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "not recorded" in line]
    assert f"Run {python} -m pip install modeltap" in line


def test_an_error_before_serving_costs_only_records(serve, tmp_path, capfd):
    """The store's folder is deleted before the app is loaded: one message, and it is served."""
    (tmp_path / "taps").mkdir()
    command = f"rmdir taps && exec {sys.executable} -m uvicorn app:app --port {{port}}"
    served = serve(ASGI, "-m", "modeltap", "run", "--store", "taps/t.db", "--", "sh", "-c", command)
    assert "x-modeltap-id" not in ask(served).headers
    served.stop()
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "not recorded" in line]
    assert line.startswith("modeltap: store '") and "does not exist" in line


SHOWS = "import json, os, sys; print(json.dumps([dict(os.environ), sorted(sys.modules)]))"


def test_options_are_passed_in_the_environment(tmp_path):
    """Paths are absolute, because servers may change their directory.

    Existing variables are kept.
    """
    (tmp_path / "modeltap.toml").write_text("sample_rate = 0.5\n")
    environ = {**os.environ, "PYTHONPATH": "/elsewhere"}
    words = ("run", "--store", "t.db", "--model", "m", "--no-analyze", "--")
    environ, _ = json.loads(modeltap(*words, sys.executable, "-c", SHOWS, env=environ))
    variables = {name: value for name, value in environ.items() if name.startswith("MODELTAP_")}
    assert variables == {
        "MODELTAP_STORE": str(tmp_path / "t.db"),
        "MODELTAP_MODEL": "m",
        "MODELTAP_ANALYZE": "false",
        "MODELTAP_CONFIG": str(tmp_path / "modeltap.toml"),
    }
    assert environ["PYTHONPATH"].split(os.pathsep)[1:] == ["/elsewhere"]


def test_other_programs_import_nothing():
    """Neither modeltap nor its dependencies are imported, also if uvicorn is, until it serves."""
    code = f"import uvicorn.config; {SHOWS}"
    _, modules = json.loads(modeltap("run", "--", sys.executable, "-c", code))
    assert "uvicorn.config" in modules
    assert not [name for name in modules if name.startswith(("modeltap", "msgspec", "sqlite3"))]


ODD_LOADERS = """
import sys
from importlib.machinery import ModuleSpec

class Odd:
    def __init__(self, loader):
        self.loader = loader

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self.loader)

for name, loader in (("uvicorn.config", None), ("gunicorn.app.base", object())):
    sys.meta_path.insert(1, Odd(loader))
    print(sys.meta_path[0].find_spec(name).name)
"""


def test_a_module_with_an_unsupported_loader_is_imported_with_a_warning():
    """Without a loader, or with one that cannot be patched."""
    words = [sys.executable, "-m", "modeltap", "run", "--", sys.executable, "-c", ODD_LOADERS]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["uvicorn.config", "gunicorn.app.base"]
    shown = [line for line in done.stderr.splitlines() if line.endswith("the app is not recorded")]
    assert [line.split()[1] for line in shown] == ["uvicorn.config", "gunicorn.app.base"]


def test_the_exit_code_of_the_command_is_passed_on(tmp_path):
    """Also for a signal, a missing command and a file that is not executable."""
    assert modeltap("run", "--", sys.executable, "-c", "raise SystemExit(7)", code=7)
    words = [sys.executable, "-m", "modeltap", "run", "--", "sleep", "60"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("modeltap: recording to")
        process.terminate()
    assert process.returncode == -signal.SIGTERM
    shown = modeltap("run", "--", "no-such-server", code=127)
    assert shown.endswith("command 'no-such-server' not found; install it, or use its path\n")
    (tmp_path / "text").write_text("no program")
    assert "Permission denied" in modeltap("run", "--", tmp_path / "text", code=126)


@pytest.mark.parametrize(
    ("words", "environ", "code", "shown"),
    [
        (("--store", "/no/where.db"), {}, 1, "the folder '/no' does not exist"),
        ((), {"MODELTAP_SAMPLE_RATE": "2"}, 2, "sample_rate = 2.0 is invalid"),
        (("--modl", "m"), {}, 2, "No such option '--modl'"),
    ],
)
def test_wrong_options_are_reported_before_the_command_starts(
    tmp_path, words, environ, code, shown
):
    """And the command does not start."""
    environ = {**os.environ, **environ}
    assert shown in modeltap("run", *words, "--", "touch", "started", code=code, env=environ)
    assert not (tmp_path / "started").exists()


def test_warnings_escape_control_characters():
    """A message may quote a name, and the server writes it to the operator's terminal."""
    code = r"import sitecustomize; sitecustomize._report('a\nmodeltap: all is well\x1b[2J\u202e')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "modeltap: a\\nmodeltap: all is well\\x1b[2J\\u202e\n"
