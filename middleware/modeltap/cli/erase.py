"""`erase`: remove a person's exchanges."""

from __future__ import annotations

import click

from modeltap.cli.common import check_model, json_option, open_store, store_option
from modeltap.config import sources
from modeltap.output import confirm, emit_json, say
from modeltap.privacy.erase import Subject, check_field, erase, matching, still_named
from modeltap.wording import plural


@click.command("erase")
@click.option("--model", required=True, help="The model's name.")
@click.option(
    "--where",
    required=True,
    metavar="FIELD=VALUE",
    help="Whose: the dotted name of a field, or its end, and the value.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@json_option
def erase_(model: str, where: str, yes: bool, store: str | None, as_json: bool) -> None:
    """Remove a person's exchanges, predictions and labels, and the space they took."""
    subject = Subject.parse(where, sources.load())
    connection = open_store(store)
    check_model(connection, model)
    found = list(matching(connection, model, subject))
    if not found:
        check_field(connection, model, subject)
    if found and not yes:
        confirm(f"Erase {plural(len(found), 'exchange')} of {model} for good?")
    erase(connection, found, model, subject)
    named = still_named(connection, model, subject)
    if as_json:
        emit_json({"erased": len(found), "still_named_in": named})
        return
    say(f"{plural(len(found), 'exchange')} erased")
    for one in named:
        say(f"{one} names the value; `modeltap reference set` makes another reference")
