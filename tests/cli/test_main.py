"""The command line: what it says to people and to programs, and to those who mistype."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from command import modeltap


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["analyse"], 2, "unknown command 'analyse'; did you mean 'analyze'?"),
        (["metrics", "--modle", "m"], 2, "No such option"),
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
def test_what_people_mistype_is_one_line_with_the_mend(at, words, code, said):
    """Exit 1 or 2, and no traceback."""
    error = modeltap(*words, *at, code=code)
    assert said in error and len(error.strip().splitlines()) == 1


def test_a_missing_store_is_said_with_the_mend():
    """Reading commands create nothing."""
    for command in (["metrics"], ["alerts"], ["tail"], ["analyze"], ["reference", "show"]):
        error = modeltap(*command, "--store", "nowhere.db", code=1)
        assert "there is no store at 'nowhere.db'" in error


def test_a_broken_settings_file_is_said(tmp_path):
    """Exit 2 with the file's name and place."""
    (tmp_path / "modeltap.toml").write_text("window = \n")
    assert "modeltap.toml' is not valid TOML" in modeltap("alerts", code=2)


def test_a_closed_pipe_is_no_error(files):
    """`modeltap metrics | head` ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m modeltap metrics --store {files / 'cli.db'} --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "" and json.loads(done.stdout)["model"] == "m"


def test_version_and_help():
    """Of the group and of every command."""
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
