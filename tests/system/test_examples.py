"""The examples that have a folder, followed by their README: the server runs, and is tapped."""

from __future__ import annotations

import json
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from followed_page import Reader
from model_servers import python_of
from stores import read

EXAMPLES = Path(__file__).parents[2] / "examples"
FLOWERS = ["setosa", "virginica"]


def completions(bodies):
    """Return the texts that the bot sent, whole or as events."""
    texts = []
    for body in bodies:
        events = re.findall(r"^data: (\{.*)$", body, re.M) or [body]
        choices = [json.loads(event)["choices"][0] for event in events]
        parts = [c.get("message", c.get("delta", {})).get("content", "") for c in choices]
        texts.append("".join(parts).strip())
    return texts


def predictions(bodies):
    """Return the prediction of each body, in the forms of the examples."""
    documents = [json.loads(body) for body in bodies]
    return [
        d.get("prediction", d.get("predictions")) if isinstance(d, dict) else d for d in documents
    ]


SUPPORT = [
    "Open Settings, choose Security, and click Reset password.",
    "Orders are listed under Account, with the number of the parcel.",
    "I'm sorry, but I can't help with that.",
]

CASES = [
    pytest.param("django_app", "8000", None, predictions, [195], id="django"),
    pytest.param("llm_endpoint", "8000", None, completions, SUPPORT, id="llm"),
    *(
        pytest.param(
            folder, port, name, predictions, [expected], id=name, marks=pytest.mark.servers
        )
        for folder, port, name, expected in [
            ("bentoml_service", "3000", "bentoml", FLOWERS),
            ("litserve_api", "8000", "litserve", FLOWERS),
            ("mlflow_model", "5001", "mlflow", [0]),
        ]
    ),
]


def commands(folder):
    """Return the README's commands: those up to the server, and those of a second terminal."""
    blocks = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.S)
    first, second = (block.splitlines() for block in blocks)
    return [line for line in first if not line.startswith("pip ")], second


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="apt-get install curl")
@pytest.mark.parametrize(("name", "port", "server", "read_bodies", "expected"), CASES)
def test_an_example_runs_as_its_readme_says(
    name, port, server, read_bodies, expected, tmp_path, eventually
):
    """Each command succeeds, and the store has the responses."""
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    python = python_of(server, server) if server else Path(sys.executable)
    reader = Reader(folder, port, python=python)
    for path in folder.glob("*.py"):
        reader.save(path.name, path.read_text())  # with a free port
    (*preparing, start), asking = commands(folder)
    try:
        for line in preparing:
            reader.run(line)
        reader.start(start, port)
        for line in (line for line in asking if line.startswith("curl")):
            assert eventually(lambda line=line: succeeds(reader, line))
        store = folder / "modeltap.db"
        assert eventually(lambda: len(bodies(store)) >= len(expected))
        printed = [reader.run(line) for line in asking if not line.startswith("curl")]
    finally:
        reader.close()
    assert read_bodies(bodies(store)) == expected
    assert all(text.strip() for text in printed)


def succeeds(reader, line):
    """A server may listen before its model is loaded."""
    with suppress(AssertionError):
        return "error" not in reader.run(line.replace("curl -s", "curl -fs")).lower()
    return False


def bodies(store):
    """Return the bodies of the successful responses in order; none until the store exists."""
    with suppress(Exception):
        sql = "select response_body from exchanges where status = 200 order by id"
        return [row["response_body"] for row in read(store, sql)]
    return []


def test_each_example_is_listed():
    """In examples/README.md."""
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        if path.name not in ("README.md", "__pycache__"):
            assert f"]({path.name}" in listed, path.name
