"""The command `modeltap`. Errors are one line and exit code 1 or 2, without a traceback."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from modeltap.cli.commands import COMMANDS
from modeltap.errors import ConfigError, ModeltapError, nearest
from modeltap.logs import log_to_standard_error
from modeltap.output import close_outputs, echo, prepare_outputs

_GIVEN_SECRETS = ("webhook", "receive")
"""Commands that accept URLs or tokens. click quotes rejected arguments in its messages."""

_PLAIN_OPTIONS = ("--host", "--store", "--model")

_SHORTEST = 3
"""Arguments up to this length are never masked: a short word may occur in any message."""


class _ReaderGone(Exception):
    """The reader closed the pipe. click would exit with 1 for a `BrokenPipeError`."""


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGone from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete the names of commands without importing them."""
        named = [
            CompletionItem(name, help=listed.help)
            for name, listed in sorted(COMMANDS.items())
            if name.startswith(incomplete)
        ]
        return named or click.Command.shell_complete(self, ctx, incomplete)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        listed = COMMANDS.get(cmd_name)
        return None if listed is None else listed.load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, listed.short_help(room)) for name, listed in sorted(COMMANDS.items())]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(f"unknown command {args[0]!r}{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="modeltap", prog_name="modeltap")
def cli() -> None:
    """Monitor model APIs: record traffic in a local SQLite file, detect drift, send alerts.

    \b
    Examples:
      modeltap demo                      watch a real model go wrong, offline
      modeltap run -- uvicorn main:app   record an unmodified server
      modeltap status                    show whether each model is healthy
      modeltap alerts --state firing     list the open alerts

    \b
    Terms:
      exchange    a request with its response, or an imported row
      row         one prediction; an exchange may have several
      window      a period, or a number of rows, that is evaluated together
      reference   the rows that new windows are compared with
    """


def main() -> None:
    """Run the command line and report errors that users can cause as one line on stderr."""
    prepare_outputs()
    sys.argv = [_as_text(argument) for argument in sys.argv]
    log_to_standard_error()
    try:
        _run()
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe, so nothing may be written at exit either.
        close_outputs()


def _run() -> None:
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:  # the help, of many lines
        echo(*error.format_message().split("\n"), err=True)
        sys.exit(2)
    except (click.ClickException, ConfigError) as error:
        _fail(_message_of(error), 2)
    except (KeyboardInterrupt, click.Abort):
        _fail("interrupted", 130)
    except _ReaderGone:
        raise BrokenPipeError from None
    except (ModeltapError, OSError) as error:
        _fail(str(error), 1)
    except sqlite3.Error as error:
        _fail(f"cannot use the store: {error}", 1)
    except UnicodeEncodeError:
        encoding = sys.getfilesystemencoding()
        if encoding != "utf-8":
            _fail(f"this locale's encoding is {encoding}; set LANG=C.UTF-8 or PYTHONUTF8=1", 2)
        if all(map(_is_text, sys.argv)):
            raise
        _fail("an argument is not valid UTF-8", 2)


def _message_of(error: click.ClickException | ConfigError) -> str:
    """Return an error's message without arguments that may be secrets."""
    if not isinstance(error, click.ClickException):
        return str(error)
    message = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and message.endswith("."):  # click's own messages name no fix
        words = context.command_path.removeprefix(context.find_root().command_path)
        message = f"{message.rstrip('.')}; see `modeltap{words} --help`"
    for argument in sorted(_may_be_secret(sys.argv[1:]), key=len, reverse=True):
        for quoted in (argument, repr(argument)[1:-1]):
            message = message.replace(quoted, "(not shown)")
    return " ".join(message.split())  # click lists choices in lines of their own


def _may_be_secret(arguments: Sequence[str]) -> set[str]:
    """Return the arguments that may be a webhook's URL or a token, regardless of position."""
    urls = {argument for argument in arguments if "://" in argument}
    command, *rest = arguments or ("",)
    if command not in _GIVEN_SECRETS:
        return urls
    values = zip(arguments, rest, strict=False)
    return urls | {
        value
        for option, value in values
        if option not in _PLAIN_OPTIONS and len(value) > _SHORTEST and not value.startswith("-")
    }


def _as_text(argument: str) -> str:
    """Decode an argument that a locale without UTF-8 could not; leave file names unchanged."""
    if _is_text(argument) or Path(argument).exists():
        return argument
    try:
        return os.fsencode(argument).decode()
    except UnicodeDecodeError:
        return argument


def _is_text(argument: str) -> bool:
    """Return True if an argument is valid text: undecodable bytes become lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _fail(message: str, code: int) -> None:
    echo(f"modeltap: {message}", err=True)
    sys.exit(code)
