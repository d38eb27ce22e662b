"""The `erase` command: remove a person's exchanges and values from a store."""

from __future__ import annotations

import click

from modeltap.cli.common import check_model, json_option, open_store, required_model, store_option
from modeltap.config import sources
from modeltap.output import confirm, echo, emit_json
from modeltap.privacy.erase import Subject
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.settings import SettingsReader
from modeltap.wording import plural

_NOT_COVERED = (
    "not erased: backups and copies of the store, imported files, files written by "
    "`modeltap export`, and messages that webhooks have received"
)


@click.command("erase")
@required_model()
@click.option(
    "--where",
    "wheres",
    required=True,
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field that identifies the person, and its value. The field is a dotted name or the "
    "end of one. Repeatable.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--wait", default=60.0, show_default=True, help="Seconds to wait for an analysis to finish."
)
@store_option
@json_option
def erase_(
    model: str, wheres: tuple[str, ...], yes: bool, wait: float, store: str | None, as_json: bool
) -> None:
    """Erase a person's exchanges and values from the store.

    Removes matching exchanges with their predictions and labels, and the person's values from
    references, metrics and alerts.

    \b
    Example:
      modeltap erase --model flights --where customer.email=ann@example.org
    """
    from modeltap.analysis.verdicts.analyze import LEASE  # imports NumPy and SciPy
    from modeltap.erasing.person import Person

    settings = sources.load()
    subjects = [Subject.parse(where, settings) for where in wheres]
    connection = open_store(store)
    check_model(connection, model)
    own = SettingsReader(connection).for_model(model)
    person = Person(connection, model, own, subjects)
    count = plural(len(exchanges := person.exchanges()), "exchange")
    if exchanges and not yes:
        confirm(f"Permanently erase {count} of {model}?")
    # A running analysis still has the values in memory and would write them again.
    with HeldLease(Lease(connection, LEASE), wait):
        left = person.erase(exchanges)
    if as_json:
        emit_json({"erased": len(exchanges), "still_named_in": left})
        return
    echo(f"{count} erased")
    for line in (*left, _NOT_COVERED):
        echo(line)
