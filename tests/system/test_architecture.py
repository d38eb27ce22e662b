"""docs/architecture.md: the modules that it names exist, and every package is in its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "middleware/modeltap"
PAGE = (ROOT / "docs/architecture.md").read_text()
STEPS = PAGE.partition("| step |")[2].partition("\n\n")[0]
PACKAGES = PAGE.partition("| package |")[2].partition("\n\n")[0]


def cells(table, column):
    """Return a column of a table, without its heading."""
    return [line.split("|")[column] for line in table.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("cell", cells(STEPS, 2))
def test_the_modules_of_each_step_exist(cell):
    """A name without a folder is next to the one before it."""
    folder = CODE
    for name in re.findall(r"`([\w/]+)`", cell):
        root = ROOT if name.startswith("plugins/") else CODE
        path = root / name if "/" in name or (root / name).exists() else folder / name
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
        folder = path.parent


def test_every_package_is_in_the_table():
    """Modules on the top level, too, apart from the public names and the command line's door."""
    names = {path.stem for path in CODE.iterdir() if path.suffix == ".py" or path.is_dir()}
    doors = {"__init__", "__main__", "__pycache__", "testing", "interpreter"}
    listed = set(re.findall(r"`(\w+)`", "".join(cells(PACKAGES, 1))))
    assert names - doors <= listed


def test_the_parts_of_the_analysis_are_listed():
    """All of them."""
    text = PAGE.partition("inside `analysis`")[2].partition("\n")[0]
    packages = {path.parent.name for path in (CODE / "analysis").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"`(\w+)`", text))
