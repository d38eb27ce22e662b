"""The command line as people call it."""

from __future__ import annotations

import json
import subprocess
import sys


def modeltap(*words, code=0, **options):
    """Run the command as people do; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "modeltap", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr or done.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]
