"""The commands that the documentation shows: each exists, with the options that it is given."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from pathlib import Path

import click
import pytest

from modeltap.cli.main import cli
from modeltap.store.connection import connect

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def shown(text):
    """Return the command lines of a page: in its blocks for shells, and in the text."""
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```", text, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    commands = [line for line in lines if line.startswith("modeltap ")]
    return [*commands, *re.findall(r"`(modeltap [^`]+)`", prose)]


def check(line):
    """Raise `click.UsageError` for a command or an option that does not exist."""
    line = re.split(r" (?:\||&&|#|>) ?", re.sub(r"\.\.\.|[\[\]()|]", " ", line))[0]
    words = shlex.split(line.partition(" -- ")[0])[1:]
    command, context = cli, click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name.isupper():
            return  # a placeholder for any command
        below = command.get_command(context, name)
        if below is None:
            raise click.UsageError(f"no command {name!r}")
        command, context = below, click.Context(below, parent=context)
    options = {
        name
        for option in command.get_params(context)
        for name in (*option.opts, *option.secondary_opts)
    }
    for argument in words:
        name = argument.partition("=")[0]
        if re.match(r"--?[a-z]", name) and name not in {*options, "--help"}:
            raise click.UsageError(f"no option {name} of {command.name}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists(page):
    """In code blocks and in the text."""
    for line in shown(page.read_text()):
        try:
            check(line)
        except click.UsageError as error:
            raise AssertionError(f"{line}: {error.message}") from None


@pytest.mark.parametrize(
    "line", ["modeltap lable set X 1", "modeltap drift --feat x", "modeltap status -q"]
)
def test_a_wrong_command_is_found(line):
    """A name or an option that does not exist."""
    with pytest.raises(click.UsageError):
        check(line)


QUERIES = [
    (page, query)
    for page in PAGES
    for query in re.findall(r'sqlite3 modeltap\.db "(.*?)"', page.read_text())
]


@pytest.mark.parametrize(("page", "query"), QUERIES, ids=lambda value: str(value)[-30:])
def test_every_query_of_a_page_runs(page, query, store):
    """On a store of this version."""
    with closing(connect(store)) as connection:
        connection.execute(query).fetchall()
