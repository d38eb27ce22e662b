"""The `run` command: start an unmodified server with the tap in each of its workers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import click

from modeltap.cli.common import model_option, store_option, store_path
from modeltap.injected import FOLDER
from modeltap.output import echo
from modeltap.tap.tapping import Tap


@click.command(context_settings={"allow_interspersed_args": False})
@store_option
@model_option("The model's name [default: from the request's path].")
@click.option("--no-analyze", is_flag=True, help="Record only, without analysis.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(store: str | None, model: str | None, no_analyze: bool, command: tuple[str, ...]) -> None:
    """Run a server's COMMAND and record the apps it serves.

    Works with servers built on uvicorn or gunicorn; no change to their code is needed.

    \b
    Examples:
      modeltap run -- uvicorn main:app --workers 2
      modeltap run -- mlflow models serve -m models:/flights/1 --env-manager local
    """
    path = store_path(store).absolute()
    Tap("asgi", model, {"store": str(path)})  # reports a wrong option once, not in each worker
    environ = _environment(path, model, no_analyze)
    if shutil.which(command[0]) is None and not Path(command[0]).exists():
        _fail(f"command {command[0]!r} not found; install it, or use its path", 127)
    echo(f"modeltap: recording to {path}", err=True)
    try:
        os.execvpe(command[0], command, environ)
    except OSError as error:
        _fail(f"cannot run {command[0]!r}: {error.strerror}", 126)


def _environment(store: Path, model: str | None, no_analyze: bool) -> dict[str, str]:
    """Return the command's environment, which loads the tap and names the store."""
    environ = dict(os.environ, MODELTAP_STORE=str(store))
    if model is not None:
        environ["MODELTAP_MODEL"] = model
    if no_analyze:
        environ["MODELTAP_ANALYZE"] = "false"
    file = Path(environ.get("MODELTAP_CONFIG", "modeltap.toml"))
    if file.is_file():  # absolute, because servers may change their working directory
        environ["MODELTAP_CONFIG"] = str(file.absolute())
    others = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    entries = [str(FOLDER), *(entry for entry in others if entry != str(FOLDER))]
    environ["PYTHONPATH"] = os.pathsep.join(entries)
    return environ


def _fail(message: str, code: int) -> NoReturn:
    """Exit with the codes that shells use, to distinguish it from the command's own exit code."""
    echo(f"modeltap: {message}", err=True)
    raise click.exceptions.Exit(code) from None
