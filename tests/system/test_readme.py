"""The README's two-minute try, run as a reader runs it: same files, same commands, same alert."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import httpx

from ports import free_port

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("## Try it on your own app")[2].partition("\n## ")[0]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
APP, RECEIVER = "8000", "8099"
"""The README's ports; tests run side by side and replace them by free ones."""


def blocks(language):
    """Return the section's code blocks of a language, without their indentation."""
    pattern = rf"^ *```{language}\n(.*?)^ *```$"
    return [textwrap.dedent(code) for code in re.findall(pattern, SECTION, re.M | re.S)]


def save_files(folder, ports):
    """Write the Python blocks to the files that their first lines name."""
    for code in blocks("python"):
        for port, free in ports.items():
            code = re.sub(rf"\b{port}\b", free, code)
        (folder / re.match(r"# (\w+\.py)\n", code)[1]).write_text(code)


@contextmanager
def running(command, **options):
    """Run a server until the block ends, and stop it as Ctrl-C does."""
    process = subprocess.Popen(shlex.split(command), **options)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def output_of(command, **options):
    """Return what a command prints; it has to print no error."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_try_prints_the_alert_that_the_readme_shows(tmp_path, eventually):
    """The alert reaches the client's receiver and its terminal; only the times differ."""
    ports = {APP: str(free_port()), RECEIVER: str(free_port())}
    save_files(tmp_path, ports)
    start = blocks("sh")[0].splitlines()[-1]
    prompt, shown = blocks("console")[0].splitlines()
    # The commands are those of the tests' interpreter, as in an activated environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    options = {"cwd": tmp_path, "env": {**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1"}}

    with running(f"{start} --port {ports[APP]}", **options):
        url = f"http://127.0.0.1:{ports[APP]}/docs"
        assert eventually(lambda: httpx.get(url, trust_env=False, verify=False).status_code == 200)
        printed = output_of(prompt.removeprefix("$ "), **options)
        listed = output_of("modeltap alerts", **options)

    assert TIME.sub("TIME", printed.strip()) == TIME.sub("TIME", shown)
    assert "data_drift" in listed and "wind: median went from" in listed
