"""The listed commands are those that exist, with the help that each has itself."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

from modeltap.cli.commands import COMMANDS
from modeltap.cli.main import cli


@pytest.mark.parametrize("name", COMMANDS)
def test_a_listed_command_has_this_name_and_help(name):
    listed = COMMANDS[name]
    command = listed.load()
    assert (command.name, command.get_short_help_str(1000)) == (name, listed.help)
    assert command.get_short_help_str(40) == listed.short_help(40) and not command.hidden


def test_the_help_lists_all_commands_without_importing_them():
    """Each on a line of its own."""
    code = (
        "import sys\nfrom modeltap.cli.main import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        "print(sorted(name for name in sys.modules if name.startswith('modeltap.cli.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *help_, imported = done.stdout.splitlines()
    assert imported == "['modeltap.cli.commands', 'modeltap.cli.main']"
    listed = dict(line.split(maxsplit=1) for line in help_[help_.index("Commands:") + 1 :])
    assert listed == {name: command.help for name, command in COMMANDS.items()}


def _all_commands(command, context, name):
    yield name, command
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            loaded = command.get_command(context, below)
            yield from _all_commands(loaded, click.Context(loaded), f"{name} {below}")


HELPS = dict(_all_commands(cli, click.Context(cli), "modeltap"))


def _examples(text):
    """Return the command lines of a help text below its `Example:`."""
    _, _, below = text.partition("Example")
    return [line.strip() for line in below.splitlines() if line.strip().startswith("modeltap ")]


@pytest.mark.parametrize("name", HELPS)
def test_a_help_has_an_example_that_can_be_typed(name):
    """Of this command, with options and values that it accepts."""
    lines = _examples(HELPS[name].help)
    assert lines
    for line in lines:
        words = shlex.split(re.split(r" {2,}| >>? ", line)[0])
        command, start = cli, 1
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words[start])
            start += 1
        assert " ".join(words).startswith(name), line
        command.make_context(command.name, words[start:])
