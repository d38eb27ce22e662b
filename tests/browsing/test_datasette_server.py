"""`modeltap datasette` and sqlite-utils, as processes that read a store in use."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from modeltap.cli.datasette import datasette
from modeltap.errors import ModeltapError
from modeltap.store.connection import connect
from row_view_fixtures import make_views
from stores import every, put

HAS_DATASETTE = importlib.util.find_spec("datasette") is not None
needs_datasette = pytest.mark.skipif(not HAS_DATASETTE, reason='pip install "modeltap[datasette]"')

BODY = {"x": 1, "note": "<script>alert(1)</script>", "password": "[masked]"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = tmp_path_factory.mktemp("datasette") / "modeltap.db"
    put(store, every(60, 5), [BODY] * 5, model="flights")
    make_views(store)
    return store


def run(*words, code=0, env=None):
    done = subprocess.run(
        [sys.executable, "-m", "modeltap", "datasette", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def served(filled):
    """Datasette on the store, in a process of its own; and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "modeltap", "datasette", "--store", filled, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield re.search(r"http\S+/", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def get(url, **headers):
    return httpx.get(
        url, headers=headers, trust_env=False, verify=False, timeout=120, follow_redirects=True
    )


@needs_datasette
def test_the_store_is_shown_with_descriptions_and_queries(served):
    """Tables, views and the queries of the page are links; bookkeeping is hidden."""
    page = get(f"{served}modeltap").text
    assert "Is everything healthy?" in page and "v_rows_flights" in page
    rows = get(f"{served}modeltap/v_rows_flights").text
    assert "The rows of one model" in rows and "The last true label" in rows
    style = re.search(r'href="/(modeltap-static\S+css)"', rows)[1]
    assert "column-descriptions" in rows and "column-descriptions" in get(served + style).text
    answer = get(f"{served}modeltap/models.json?_shape=array").json()
    assert [(row["model"], row["exchanges"]) for row in answer] == [("flights", 5)]
    facets = get(f"{served}modeltap/v_newest_rows.json").json()["facet_results"]
    assert facets["model"]["results"][0]["count"] == 5


@needs_datasette
def test_what_clients_sent_is_escaped(served):
    """A body is text, in tables and on the page of a row."""
    for page in ("exchanges", "v_newest_rows", "v_rows_flights"):
        text = get(f"{served}modeltap/{page}").text
        assert "alert(1)" in text and "<script>alert" not in text


@needs_datasette
def test_new_rows_are_seen_and_nothing_can_be_written(served, filled):
    """The file is in use, and opened for reading only."""
    with closing(connect(filled)) as connection:
        connection.execute(
            "insert into silences (id, until, created_at) values ('s1', '2030', '2024')"
        )
        assert get(f"{served}modeltap/silences.json?_shape=array").json()[0]["id"] == "s1"
        refused = get(f"{served}modeltap.json?sql=" + quote("delete from silences"))
        assert refused.status_code == 400
        assert connection.execute("select count(*) from silences").fetchone()[0] == 1


@needs_datasette
def test_names_of_other_hosts_are_refused(served):
    """A foreign page cannot read it through a name of its own."""
    assert get(served, host="evil.example").status_code == 400
    assert get(served.replace("127.0.0.1", "localhost")).status_code == 200


def test_metadata_are_written_without_datasette(filled, tmp_path):
    """To a file, or to standard output; a folder that is missing is one line."""
    without = tmp_path / "datasette"
    without.mkdir()
    (without / "__init__.py").write_text("raise ImportError")
    env = {"PYTHONPATH": str(tmp_path)}
    file = tmp_path / "metadata.json"
    assert str(file) in run("--store", filled, "--metadata", file, env=env)
    assert "modeltap" in json.loads(file.read_text())["databases"]
    assert json.loads(run("--store", filled, "--metadata", "-", env=env))["title"] == "modeltap"
    wrong = tmp_path / "nowhere/metadata.json"
    assert "No such file" in run("--store", filled, "--metadata", wrong, code=1, env=env)


def test_a_missing_extra_is_one_line(filled, tmp_path):
    """With the command that installs it."""
    (tmp_path / "datasette.py").write_text(
        "raise ModuleNotFoundError('no datasette', name='datasette')"
    )
    message = run("--store", filled, code=1, env={"PYTHONPATH": str(tmp_path)})
    assert message.count("\n") == 1 and 'pip install "modeltap[datasette]"' in message


def damaged(file):
    shutil.copy(file.parent / "good.db", file)
    with file.open("r+b") as content:
        content.seek(100)
        content.write(b"\xff" * 8000)


def too_new(file):
    shutil.copy(file.parent / "good.db", file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma user_version = 99")


BAD = {
    "missing": (lambda file: None, "there is no store"),
    "damaged": (damaged, "damaged"),
    "too new": (too_new, "supports only"),
    "foreign": (lambda file: file.write_text("not a database" * 100), "cannot be opened"),
}


def refusal(store):
    """Return the message of the command in this process."""
    with pytest.raises(ModeltapError) as raised:
        datasette.main(["--store", str(store), "--port", "0"], standalone_mode=False)
    return str(raised.value)


@pytest.mark.parametrize("kind", BAD)
def test_a_store_that_cannot_be_opened_is_one_line(kind, tmp_path):
    """As for every other command."""
    connect(tmp_path / "good.db").close()
    make, message = BAD[kind]
    file = tmp_path / "bad.db"
    make(file)
    shown = refusal(file)
    assert "\n" not in shown and message in shown


def test_a_path_that_datasette_cannot_open_is_one_line(tmp_path):
    """It takes the path as a part of an address."""
    store = tmp_path / "what?.db"
    connect(store).close()
    assert "symbolic link" in refusal(store)


@needs_datasette
def test_a_port_in_use_is_one_line(filled):
    """With the option that chooses another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = ["--store", str(filled), "--port", str(taken.getsockname()[1])]
        with pytest.raises(ModeltapError, match="--port"):
            datasette.main(words, standalone_mode=False)


def test_sqlite_utils_opens_the_store(filled):
    """While another connection is open: its tables, rows of a view, a query."""
    tool = Path(sys.executable).with_name("sqlite-utils")
    with closing(connect(filled)):
        for words, expected in (
            (("tables",), "exchanges"),
            (("rows", "v_rows_flights", "--limit", "2"), '"x": 1'),
            (("query", "select count(*) as n from v_rows"), '"n": 5'),
        ):
            command, *rest = words
            done = subprocess.run(
                [tool, command, filled, *rest], capture_output=True, text=True, timeout=240
            )
            assert done.returncode == 0 and expected in done.stdout, done.stderr


def test_the_lines_for_data_frames_run(filled, monkeypatch):
    """Those of docs/queries.md, where the library is installed."""
    page = (Path(__file__).parents[2] / "docs/queries.md").read_text()
    monkeypatch.chdir(filled.parent)
    ran = 0
    for code in re.findall(r"```python\n(.*?)```", page, re.S):
        library = re.search(r"import (pandas|polars)", code)[1]
        if importlib.util.find_spec(library):
            values = {}
            exec(code, values)
            values["store"].close()
            ran += 1
    if not ran:
        pytest.skip("neither pandas nor polars is installed")
