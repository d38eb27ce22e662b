"""Options that several commands share, and opening the store."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modeltap import clock
from modeltap.charts.character_chart import ASCII, BLOCKS, CharacterChart
from modeltap.cli.model_names import complete_files, complete_models
from modeltap.config import sources
from modeltap.config.validation import is_model_name, parse_mode
from modeltap.logs import log_levels
from modeltap.output import shows_drawings
from modeltap.store import connection as stores
from modeltap.store.file_mode import PRIVATE
from modeltap.store.models import check_model as check_model
from modeltap.store.path_checks import expanded_path

if TYPE_CHECKING:
    from modeltap.jobs.pipeline import Analyzer

F = TypeVar("F", bound=Callable[..., Any])

_ORPHAN_SECONDS = 5.0
"""Grace period after a job's time limit. A job that no scheduler has stopped by then exits."""


def store_option(command: F) -> F:
    """Add ``--store``. The default comes from the environment or modeltap.toml."""
    return click.option(
        "--store",
        default=None,
        help="The SQLite store [default: modeltap.db].",
        metavar="FILE",
        shell_complete=complete_files,
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``: JSON Lines instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")(command)


def model_option(text: str = "Only this model.") -> Callable[[F], F]:
    """Add ``--model`` with a help text."""
    return click.option("--model", default=None, help=text, shell_complete=complete_models)


def required_model(text: str = "The model's name.") -> Callable[[F], F]:
    """Add a required ``--model``, which must be a name."""
    return click.option(
        "--model", required=True, help=text, shell_complete=complete_models, callback=_named
    )


def _named(context: click.Context, parameter: click.Parameter, name: str) -> str:
    if not is_model_name(name):
        raise click.BadParameter(f"{name!r} is not a model's name", context, parameter)
    return name


def store_path(store: str | None) -> Path:
    """Return the store's path as the flag or the settings write it, with ``~`` expanded."""
    return expanded_path(store or sources.load(tolerant=True).store)


def read_store(store: str | None) -> sqlite3.Connection:
    """Open the store for reading."""
    return stores.connect_reader(store_path(store))


def open_store(store: str | None, *, create: bool = False) -> sqlite3.Connection:
    """Open the store for writing."""
    # Upgrades run in a child, because sqlite-utils imports pandas if it is installed.
    return stores.connect(store_path(store), create=create, in_child=create, mode=own_mode())


def own_mode() -> int | None:
    """Return the file mode configured in this folder; None keeps the mode set by the apps."""
    mode = parse_mode(sources.load(tolerant=True).store_mode)
    return None if mode == PRIVATE else mode


def character_chart() -> CharacterChart:
    """Return the characters for bars and sparklines that standard output can show."""
    return BLOCKS if shows_drawings() else ASCII


def moment_of(text: str | None, option: str) -> float | None:
    """Parse an option's time into Unix seconds; return None if the option is missing."""
    if text is None:
        return None
    seconds = clock.parse(text)
    if seconds is None:
        raise click.UsageError(
            f"{option} {text!r} is not a valid time; write a date such as 2013-03-01"
        )
    return seconds


def background_option(command: F) -> F:
    """Add the hidden ``--background``, which the scheduler sets for its child processes.

    A background job runs at low priority and reads webhooks from standard input.
    """
    return click.option("--background", is_flag=True, hidden=True)(command)


def open_analyzer(
    store: str | None, background: bool, options: dict[str, Any] | None = None
) -> Analyzer:
    """Open the store for an analysis.

    A background job reads settings that may not be written to a file from standard input.
    """
    given = dict(options or {})
    if background:
        given.update(background_options())
    return analyzer_with(store, background, given)


def background_options() -> dict[str, Any]:
    """Lower this process's priority; return the values that the scheduler wrote for it."""
    log_levels()
    be_nice()
    given: dict[str, Any] = json.load(sys.stdin)
    return given


def analyzer_with(store: str | None, background: bool, given: dict[str, Any]) -> Analyzer:
    """Open the store for an analysis with these options; a background job ends at its limit."""
    from modeltap.jobs.pipeline import Analyzer  # imports NumPy and SciPy

    analyzer = Analyzer(store_path(store), open_store(store), given)
    if background:
        _end_after(analyzer.settings.for_model("").job_limit_seconds + _ORPHAN_SECONDS)
    return analyzer


def _end_after(seconds: float) -> None:
    """Set a kernel timer that ends this process even if its scheduler was killed."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def be_nice() -> None:
    """Lower this process's CPU priority in favour of the app."""
    os.nice(10)
