"""The `completion` command: the script that completes commands, options and models in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from modeltap.errors import InputError
from modeltap.output import echo

VARIABLE = "_MODELTAP_COMPLETE"
"""The variable by which the script asks for completions; click derives it from the name."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes modeltap in a SHELL.

    It completes commands, options, and the models of the store. bash has to be 4.4 or newer.

    \b
    Examples:
      modeltap completion bash >> ~/.bashrc
      modeltap completion zsh >> ~/.zshrc
      modeltap completion fish > ~/.config/fish/completions/modeltap.fish
    """
    of_shell = get_completion_class(shell)
    if of_shell is None:
        raise InputError(f"this version of click has no completion for {shell}; upgrade click")
    root = click.get_current_context().find_root().command
    # Not `source()`, which would start bash to ask for its version.
    script = of_shell(root, {}, "modeltap", VARIABLE)
    echo(*(script.source_template % script.source_vars()).rstrip().split("\n"))
