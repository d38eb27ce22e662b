"""The listed commands are those that exist, with the help that each has itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from modeltap.cli.commands import COMMANDS


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
