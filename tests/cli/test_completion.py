"""Completion in a real bash: commands, options, and the models of the store."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import modeltap
from modeltap.cli.commands import COMMANDS
from stores import every, put

SCRIPTS = Path(sys.executable).parent
BASH = shutil.which("bash")

needs_bash = pytest.mark.skipif(BASH is None, reason="apt-get install bash")

MODELS = ["flights", "flowers", "my model", "it's", "$(touch broken)", "a\x1b[31mred", "new\nline"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store of several models, among them hostile names."""
    folder = tmp_path_factory.mktemp("completed")
    for number, name in enumerate(MODELS):
        put(folder / "modeltap.db", every(1, 1), [{"x": 1}], model=name, prefix=f"{number}-")
    return folder


def environment():
    return {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", "PS1": "$ "}


@pytest.fixture(scope="module")
def completed(folder):
    """Return what bash completes the last word to, without a terminal."""

    def replies(*words):
        script = (
            "source <(modeltap completion bash)\n"
            f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}\n"
            "_modeltap_completion modeltap 2>/dev/null\n"
            "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
        )
        done = subprocess.run(
            [BASH, "--norc", "-c", script],
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment(),
            check=True,
        )
        return done.stdout.splitlines()

    return replies


@needs_bash
def test_commands_and_options_are_completed(completed):
    assert completed("modeltap", "sta") == ["status"]
    assert set(completed("modeltap", "")) == set(COMMANDS)
    assert "--all" in completed("modeltap", "status", "--")
    assert completed("modeltap", "reference", "s") == ["set", "show"]


@needs_bash
def test_models_of_the_store_are_completed(completed):
    assert completed("modeltap", "status", "--model", "fl") == ["flights", "flowers"]
    assert completed("modeltap", "version", "flo") == ["flowers"]


@needs_bash
def test_a_name_of_a_client_is_one_word_in_bash(completed, folder):
    """Quoted, since bash inserts it as it is; names with control characters are left out."""
    names = completed("modeltap", "drift", "--model", "")
    assert [shlex.split(name) for name in names] == [
        [name] for name in sorted(MODELS) if name.isprintable()
    ]
    assert "'$(touch broken)'" in names and not (folder / "broken").exists()


@needs_bash
def test_without_a_store_there_are_no_models(completed):
    words = ("modeltap", "status", "--store", "missing.db", "--model", "")
    assert completed(*words) in ([], [""])


@needs_bash
def test_a_tab_completes_in_a_shell_on_a_terminal(folder):
    """As people install it: a line in the file that bash reads at its start."""
    rc = folder / "bashrc"
    rc.write_text(f"{modeltap('completion', 'bash')}\nPS1='$ '\n")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [BASH, "--noprofile", "--rcfile", rc, "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**environment(), "TERM": "dumb"},
        start_new_session=True,
    ) as shell:
        os.close(theirs)
        try:
            read_until(ours, "$ ")
            os.write(ours, b"modeltap status --model flig\t")
            assert "--model flights" in read_until(ours, "flights")
        finally:
            shell.kill()
    os.close(ours)


def read_until(terminal, text):
    """Return what a terminal shows up to a text."""
    shown, end = "", time.monotonic() + 60
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096).decode()
    return shown


@pytest.mark.parametrize(
    ("shell", "text"),
    [("bash", "complete -o nosort -F"), ("zsh", "#compdef modeltap"), ("fish", "complete ")],
)
def test_each_shell_has_its_script(shell, text):
    script = modeltap("completion", shell)
    assert text in script and f"_MODELTAP_COMPLETE={shell}_complete" in script


def test_another_shell_is_refused():
    assert "'bash', 'zsh', 'fish'" in modeltap("completion", "tcsh", code=2)
