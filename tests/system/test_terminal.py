"""Whatever clients name their models, columns and paths, a terminal only shows it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_store import HOSTILE, KINDS, fill, ran
from terminal import on_a_terminal

ROOT = Path(__file__).parents[2]
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)
"""All but the line end, which ends the lines of the commands' own layout."""

COMMANDS = {
    "tail": ["tail", "--no-follow"],
    "tail --json": ["tail", "--no-follow", "--json"],
    "alerts": ["alerts"],
    "alerts of a model": ["alerts", "--model", f"m{HOSTILE}"],
    "alerts --history": ["alerts", "--history"],
    "alerts --json": ["alerts", "--json"],
    "drift": ["drift"],
    "drift of a feature": ["drift", "--feature", f"amount{HOSTILE}"],
    "drift of a category": ["drift", "--feature", "color"],
    "quality": ["quality", "--last", "50"],
    "quality --json": ["quality", "--last", "50", "--json"],
    "performance": ["performance", "--last", "50"],
    "latency": ["latency"],
    "metrics": ["metrics", "--last", "3"],
    "status": ["status"],
    "status --json": ["status", "--json"],
    "doctor": ["doctor"],
    "doctor --json": ["doctor", "--json"],
    "digest": ["digest"],
    "digest --json": ["digest", "--json"],
    "retrain": ["retrain"],
    "retrain --list": ["retrain", "--list"],
    "review": ["review", "--model", f"m{HOSTILE}"],
    "reference show": ["reference", "show"],
    "reference show --json": ["reference", "show", "--json"],
    "reference list": ["reference", "list"],
    "reference accept": ["reference", "accept", "--model", f"m{HOSTILE}"],
    "silence add": ["silence", "add", "--for", "1h", "--model", f"m{HOSTILE}", "--reason", HOSTILE],
    "silence list": ["silence", "list"],
    "webhook list": ["webhook", "list"],
    "deliver": ["deliver"],
    "analyze": ["analyze", "--again"],
    "export": ["export", "--model", f"m{HOSTILE}"],
    "label set": ["label", "set", "row-1", HOSTILE],
    "no such model": ["metrics", "--model", HOSTILE],
    "no such feature": ["drift", "--feature", HOSTILE],
    "no such exchange": ["show", HOSTILE],
    "no such command": [HOSTILE],
    "no such option": ["tail", f"--{HOSTILE}"],
    "no such option of one letter": ["tail", f"-{HOSTILE}"],
    "a wrong number": ["tail", "-n", HOSTILE],
    "a wrong choice": ["alerts", "--state", HOSTILE],
    "an extra argument": ["tail", HOSTILE],
    "a wrong time": ["export", "--from", HOSTILE],
    "a wrong window": ["analyze", "--window", HOSTILE],
    "a file that is not there": ["import", HOSTILE, "--model", "m"],
    "labels that are not there": ["label", "import", HOSTILE, "--model", "m"],
    "bytes that are no text": ["show", b"\xff\x9b\xc2"],
    "erase what is not there": ["erase", "--model", f"m{HOSTILE}", "--where", f"{HOSTILE}=1"],
    "erase of a field": ["erase", "--model", f"m{HOSTILE}", "--where", f"amount{HOSTILE}=1"],
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The folder of the store, and what the commands printed that made it."""
    folder = tmp_path_factory.mktemp("hostile")
    return folder, fill(folder)


@pytest.fixture(scope="module")
def printed(hostile):
    """The output of a command, by its name."""
    known = {}

    def output(name):
        if name not in known:
            words = COMMANDS[name]
            known[name] = ran(*words, "--store", "taps.db", stdin=b"n\n", cwd=hostile[0])
        return known[name]

    return output


def text_of(output):
    """Decode an output as a terminal does: invalid bytes would be a failure of their own."""
    return output.decode("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_a_character_that_a_terminal_obeys(printed, name):
    _, output = printed(name)
    assert output.strip() and not OBEYED.findall(text_of(output))
    assert b"Traceback" not in output


def test_the_commands_that_fill_a_store_print_none_either(hostile):
    """Importing, freezing a reference and analysing, with their progress and logs."""
    for code, output in hostile[1]:
        assert code == 0, output
        assert output.strip() and not OBEYED.findall(text_of(output))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["tail", "alerts", "quality", "status", "no such model"])
def test_each_kind_is_shown_as_python_writes_it(printed, name, kind):
    """Not left out: two names that differ stay different."""
    shown = ascii(KINDS[kind])[1:-1]
    assert shown.encode() in printed(name)[1]


@pytest.mark.parametrize(
    "name", ["alerts --json", "quality --json", "status --json", "digest --json", "tail --json"]
)
def test_a_program_gets_the_names_back(printed, name):
    """JSON's own escapes: what is read is what the client wrote."""
    _, output = printed(name)
    rows = [json.loads(line) for line in text_of(output).split("\n") if line]
    assert any(
        f"m{HOSTILE}" in str(list(_texts(row))) or HOSTILE in "".join(_texts(row)) for row in rows
    )


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def test_a_name_forges_no_line(printed):
    """Each exchange is one line of `tail`, each alert one of the table."""
    shown, rows = printed("tail")[1], printed("tail --json")[1]
    assert shown.count(b"\n") == rows.count(b"\n")
    shown, rows = printed("alerts")[1], printed("alerts --json")[1]
    assert shown.count(b"\n") == rows.count(b"\n") + 1  # the header


def test_an_exchange_is_shown_in_full(printed, hostile):
    """`show`: path, query, request id, bodies and the error of the app."""
    *_, last = text_of(printed("tail --json")[1]).strip().split("\n")
    code, output = ran("show", json.loads(last)["id"], "--store", "taps.db", cwd=hostile[0])
    text = text_of(output)
    assert code == 0 and not OBEYED.findall(text)
    for name in ("path", "request_body", "error_message"):
        (line,) = [line for line in text.split("\n") if line.startswith(f"{name} ")]
        assert ascii(KINDS["C1"])[1:-1] in line and ascii(KINDS["line ends"])[1:-1] in line


def test_on_a_terminal_nothing_but_our_own_layout_moves_the_cursor(hostile, monkeypatch):
    """Progress and a CSV on a terminal: what is left beside our own sequences is text."""
    monkeypatch.chdir(hostile[0])
    file = hostile[0] / "rows\x1b[2J\u202e.csv"
    file.write_text(f"id,value,a\nrow-1,\x1b[31m{HOSTILE.replace(chr(10), '')},1\n")
    for words in (
        ["analyze", "--again"],
        ["import", file.name, "--model", "m2"],
        ["export", "--format", "csv"],
    ):
        _, text = on_a_terminal(*words, "--store", "taps.db")
        rest = re.sub(r"\r\x1b\[K|\x1b\[\?25[hl]|\x1b\[K|\r", "", text)
        assert rest.strip() and not OBEYED.findall(rest), words


def test_uncaught_errors_are_shown_escaped(tmp_path):
    """A traceback quotes names, too; its frames stay lines."""
    code = (
        "from modeltap.logs import log_to_standard_error\n"
        "log_to_standard_error()\n"
        "import logging, threading, warnings\n"
        "def fail():\n"
        f"    raise ValueError({HOSTILE!r})\n"
        "thread = threading.Thread(target=fail)\n"
        "thread.start()\n"
        "thread.join()\n"
        f"warnings.warn({HOSTILE!r})\n"
        f"logging.getLogger('other').error('%s', {HOSTILE!r})\n"
        "try:\n"
        f"    raise KeyError('inner')\n"
        "except KeyError:\n"
        f"    raise ValueError({HOSTILE!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    text = text_of(done.stderr)
    assert done.returncode == 1 and not OBEYED.findall(text)
    assert text.count("\nValueError: ") == 2 and "UserWarning: " in text
    assert "\nTraceback (most recent call last):\n" in text


def printing_calls(file):
    """Yield what a module calls or names to write to a terminal."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("print", "input"):
                yield node.func.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if name in FORBIDDEN:
                yield name


FORBIDDEN = {
    *(f"click.{name}" for name in ("echo", "secho", "confirm", "prompt", "progressbar")),
    *("sys.stdout", "sys.stderr", "logging.getLogger", "logging.basicConfig"),
    *("traceback.print_exc", "traceback.print_exception"),
}
ALLOWED = {
    "output.py": {
        *("click.echo", "click.confirm", "click.prompt", "click.progressbar"),
        *("sys.stdout", "sys.stderr"),
    },
    "logs.py": {"logging.getLogger", "logging.basicConfig", "sys.stderr"},
    # Where a user's own function prints to, so that the output of commands stays parseable.
    "analysis/row_metrics/own_functions.py": {"sys.stderr"},
    "analysis/evaluators/evaluator_values.py": {"sys.stderr"},
    # Flushed where a closed pipe is handled.
    "cli/exporting.py": {"sys.stdout"},
    # Quiet, so that none of its lines are written.
    "jobs/scheduler.py": {"logging.getLogger"},
    # Stands alone: it runs where no modeltap is installed.
    "injected/path/sitecustomize.py": {"print", "sys.stderr"},
}


def test_one_module_prints_and_one_logs():
    """So that what is printed is escaped in one place."""
    package = ROOT / "middleware/modeltap"
    found = {}
    for file in package.rglob("*.py"):
        if calls := set(printing_calls(file)):
            found[file.relative_to(package).as_posix()] = calls
    assert found == ALLOWED
