"""docs/importing.md: each tool's example goes in by the command beside it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from command import lines, modeltap
from modeltap.export.selection import ABOUT, ANSWER
from modeltap.ingest.formats import FORMATS

TEXT = (Path(__file__).parents[2] / "docs/importing.md").read_text()
TOOLS = [
    part
    for part in re.split(r"^## ", TEXT, flags=re.M)[1:]
    if "```json" in part and not part.startswith("Exporting")
]


@pytest.mark.parametrize("section", TOOLS, ids=lambda text: text.splitlines()[0])
def test_the_example_of_each_tool_goes_in(section, tmp_path, store):
    """One exchange a tool, whole; a label where there is one."""
    (logged,) = re.findall(r"```json\n(.*?)```", section, re.S)
    command = shlex.split(re.search(r"^modeltap (import .*)$", section, re.M)[1])
    files = command[1 : command.index("--model")]
    for file, line in zip(files, logged.splitlines(), strict=True):
        Path(file).write_text(f"{line}\n")
    said = lines(modeltap(*command, "--store", store, "--json"))[0]
    assert (said["rows"], said["waiting"], said["waiting_labels"], said["broken"]) == (1, 0, 0, 0)
    assert said["labels"] == ("groundTruthData" in logged)
    assert lines(modeltap("export", "--store", store))[0]["prediction"] is not None


def test_every_format_and_every_tool_is_there():
    """In the table, and with an example."""
    assert all(f"`{name}`" in TEXT for name in FORMATS)
    assert len(TOOLS) == 4


def test_the_example_of_a_row_is_one(tmp_path, store):
    """The names are those of a row."""
    (example,) = re.findall(r"```json\n(.*?)```", TEXT.partition("## Exporting")[2], re.S)
    assert list(json.loads(example)) == [*ABOUT, "features", *ANSWER]
