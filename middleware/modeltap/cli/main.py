"""The command `modeltap` and how its errors are told: one line, exit 1 or 2, no traceback."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from importlib.metadata import version

import click

from modeltap.cli.alerts import alerts
from modeltap.cli.analyze import analyze
from modeltap.cli.doctor import doctor
from modeltap.cli.erase import erase_
from modeltap.cli.exchanges import show, tail
from modeltap.cli.importing import import_
from modeltap.cli.judged import drift, latency, performance_, quality_
from modeltap.cli.labels import label
from modeltap.cli.metrics import metrics
from modeltap.cli.reference import reference
from modeltap.errors import ConfigError, InputError, ModeltapError, nearest


class _Commands(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(
                f"no command {args[0]!r}{nearest(args[0], self.list_commands(ctx))}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("modeltap"), prog_name="modeltap")
def cli() -> None:
    """Watches a model API from a local SQLite file, and tells you when the model goes wrong."""


@cli.command()
@click.option("--keep", type=click.Path(), help="Keep the demo's files in this folder.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The API's port [default: any free]."
)
@click.option("--speed", type=float, default=None, help="Days of 2013 that pass in a second.")
@click.option("--requests", type=click.IntRange(100, 100_000), default=14_000, show_default=True,
              help="How many flights to ask about.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what happens as JSON Lines.")
def demo(keep: str | None, port: int, speed: float | None, requests: int, as_json: bool) -> None:
    """The main job on real data: a model that goes wrong, and what modeltap says of it."""
    # OpenMP's threads spin while they wait for each other: on a busy machine training would take
    # six times as long as with one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Imported when asked for: scikit-learn alone costs a second.
    from modeltap.demo.play import play

    play(keep=keep, port=port, speed=speed, requests=requests, as_json=as_json)


for command in (tail, show, import_, reference, analyze, metrics, drift, quality_, performance_,
                latency, alerts, label, erase_, doctor):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command line; what a user can cause is one clear line on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except (click.ClickException, ConfigError) as error:
        wrong = error.format_message() if isinstance(error, click.ClickException) else str(error)
        _fail(wrong, 2)
    except (KeyboardInterrupt, click.Abort):
        _fail("stopped", 130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; nothing more may be written at exit, either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (InputError, ModeltapError, OSError) as error:
        _fail(str(error), 1)
    except sqlite3.Error as error:
        _fail(f"the store cannot be used: {error}", 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"modeltap: {message}", err=True)
    sys.exit(code)
