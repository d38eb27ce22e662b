"""The command line: errors, help, and closed pipes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from command import modeltap


@pytest.mark.parametrize(
    ("words", "code", "shown"),
    [
        (["analyse"], 2, "unknown command 'analyse'; did you mean 'analyze'?"),
        (["metrics", "--modle", "m"], 2, "No such option"),
        (["explain"], 2, "Missing option '--alert'; see `modeltap explain --help`"),
        (["metrics", "--model", "n"], 1, "no model 'n' in this store"),
        (
            ["metrics", "--metric", "dirft"],
            1,
            "unknown metric 'dirft'; did you mean 'drift'",
        ),
        (["metrics", "--feature", "amuont"], 1, "did you mean 'amount'?"),
        (["show", "nobody"], 1, "no exchange 'nobody' in this store"),
        (["import", "rosw.csv", "--model", "m"], 1, "there is no file 'rosw.csv'"),
        (["reference", "set", "--model", "m"], 2, "use exactly one of --file FILE"),
        (["reference", "set", "--model", "m", "--from", "soon"], 2, "'soon' is not a valid time"),
        (["reference", "set", "--model", "m", "--rows", "99999"], 1, "fewer than --rows 99999"),
        (["label", "set", "nobody", "1"], 1, "no exchange 'nobody'"),
        (["analyze", "--window", "fortnight"], 2, "option window = 'fortnight' is invalid"),
    ],
)
def test_wrong_arguments_are_one_line_errors_with_the_fix(at, words, code, shown):
    """Exit 1 or 2, without a traceback."""
    error = modeltap(*words, *at, code=code)
    assert shown in error and len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["completion"], ["completion", "tcsh"], ["version", "a", "b", "c"]]
)
def test_choices_are_listed_in_one_line(words):
    """Without marks of line ends."""
    error = modeltap(*words, code=2)
    assert "\\n" not in error and "\\t" not in error and len(error.splitlines()) == 1


def test_a_missing_store_is_reported_with_the_fix():
    """Reading commands create no store."""
    for command in (["metrics"], ["alerts"], ["tail"], ["analyze"], ["reference", "show"]):
        error = modeltap(*command, "--store", "nowhere.db", code=1)
        assert "there is no store at 'nowhere.db'" in error


def test_a_broken_settings_file_is_reported(tmp_path):
    """Exit 2, with the file's name and the position."""
    (tmp_path / "modeltap.toml").write_text("window = \n")
    assert "modeltap.toml' is not valid TOML" in modeltap("alerts", code=2)


def test_a_closed_pipe_ends_metrics_quietly(files):
    """As with `modeltap metrics | head`."""
    done = subprocess.run(
        f"{sys.executable} -m modeltap metrics --store {files / 'cli.db'} --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "" and json.loads(done.stdout)["model"] == "m"


def test_version_and_help_of_every_command():
    assert modeltap("--version").startswith("modeltap, version ")
    for command in (
        "demo",
        "tail",
        "show",
        "import",
        "reference",
        "analyze",
        "metrics",
        "alerts",
        "label",
        "doctor",
    ):
        assert "Usage:" in modeltap(command, "--help")
        if command not in ("reference", "label"):
            assert "--json" in modeltap(command, "--help")
