"""Names of models for shell completion, read from the store."""

from __future__ import annotations

import os
import shlex
import sqlite3

import click
from click.shell_completion import CompletionItem

from modeltap.config import sources
from modeltap.errors import ModeltapError
from modeltap.printable import escaped
from modeltap.store.models import names_in_file

_MOST = 200
"""A shell asks before it lists more."""

_UNSAFE_IN_BASH = frozenset("\\*?[")
"""Characters that the script of click leaves to bash, which would expand or drop them."""


def complete_models(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem[str]]:
    """Return the models in the store whose names begin with `incomplete`; none if it has none.

    Names come from clients: those with control characters are left out, and for bash, which
    inserts a completion as it is, names are quoted.
    """
    try:
        path = context.params.get("store") or sources.load(tolerant=True).store
        names = names_in_file(str(path))
    except (ModeltapError, OSError, sqlite3.Error):
        return []
    in_bash = os.environ.get("_MODELTAP_COMPLETE", "").startswith("bash")
    begun = [name for name in names if name.startswith(incomplete) and escaped(name) == name]
    if in_bash:
        begun = [shlex.quote(name) for name in begun if _UNSAFE_IN_BASH.isdisjoint(name)]
    return [CompletionItem(name) for name in begun[:_MOST]]


def complete_files(
    context: click.Context,  # noqa: ARG001
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem[str]]:
    """Leave the completion of a file's name to the shell."""
    return [CompletionItem(incomplete, type="file")]
