"""`erase`: remove a person's exchanges, and their values from all else."""

from __future__ import annotations

import click

from modeltap.cli.common import check_model, json_option, open_store, store_option
from modeltap.config import sources
from modeltap.output import confirm, echo, emit_json
from modeltap.privacy.erase import Subject
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_NOT_COVERED = (
    "not covered: backups and copies of the store, files that were imported or that "
    "`modeltap export` wrote, messages that webhooks received"
)


@click.command("erase")
@click.option("--model", required=True, help="The model's name.")
@click.option(
    "--where",
    "wheres",
    required=True,
    multiple=True,
    metavar="FIELD=VALUE",
    help="Whose: the dotted name of a field, or its end, and the value; may be repeated.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", default=60.0, help="Seconds to wait for an analysis to end.")
@store_option
@json_option
def erase_(
    model: str, wheres: tuple[str, ...], yes: bool, wait: float, store: str | None, as_json: bool
) -> None:
    """Remove a person's exchanges, and their values from all that was learnt and said."""
    from modeltap.analysis.verdicts.analyze import LEASE  # NumPy and SciPy: only for this command
    from modeltap.erasing.person import Person

    settings = sources.load()
    subjects = [Subject.parse(where, settings) for where in wheres]
    connection = open_store(store)
    check_model(connection, model)
    own = SettingsReader(connection).for_model(model)
    person = Person(connection, model, own, subjects)
    count = plural(len(found := person.exchanges()), "exchange")
    if found and not yes:
        confirm(f"Erase {count} of {model} for good?")
    # An analysis that began before has the values in memory, and would write them again.
    with HeldLease(Lease(connection, LEASE), wait):
        left = person.erase(found)
    if as_json:
        emit_json({"erased": len(found), "still_named_in": left})
        return
    echo(f"{count} erased")
    for line in (*left, _NOT_COVERED):
        echo(line)
