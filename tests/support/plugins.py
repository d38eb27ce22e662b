"""Plugins that a test installs as pip would: a module, and its entry point beside it."""

from __future__ import annotations

from pathlib import Path

HANGS = """
import os
import pathlib
import time
from modeltap import hookimpl

@hookimpl
def decode(payload):
    pathlib.Path("hanging").write_text(str(os.getpid()))
    time.sleep(600)
"""
"""Lets an analysis hang, which writes its process's id into the file `hanging`."""


def install(folder: Path, name: str, source: str) -> None:
    """Put a plugin into `folder`, which is on the path of the processes that are to find it."""
    (folder / f"{name}.py").write_text(source)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[modeltap]\n{name} = {name}\n")
