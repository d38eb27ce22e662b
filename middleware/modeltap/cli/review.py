"""The `review` command: questions about the rows that are worth a person's time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from modeltap import clock
from modeltap.cli.common import json_option, moment_of, open_store, required_model, store_option
from modeltap.errors import InputError
from modeltap.output import ask, echo, emit_json
from modeltap.reviewing.review_queue import RANDOM
from modeltap.reviewing.review_session import Question, ReviewSession
from modeltap.reviewing.stored_review import open_session
from modeltap.wording import plural

_LONGEST = 600
"""Characters of a value that are shown, such as of a prompt."""


@click.command()
@required_model()
@click.option("--limit", default=20, show_default=True, help="Maximum number of rows to ask about.")
@click.option(
    "--random",
    "random_fraction",
    default=0.5,
    show_default=True,
    help="Fraction of the rows that is drawn at random.",
)
@click.option("--since", default=None, help="Only rows at or after this event time.")
@click.option("--show-prediction", is_flag=True, help="Show what the model predicted.")
@store_option
@json_option
def review(
    model: str,
    limit: int,
    random_fraction: float,
    since: str | None,
    show_prediction: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """Label the rows that are worth a person's time.

    Each answer is stored at once. Enter skips a row, Ctrl-C ends; no row is asked about twice.
    With --json the questions are listed instead.

    \b
    Example:
      modeltap review --model loans --limit 50
    """
    if limit < 1:
        raise click.UsageError(f"--limit {limit} is not valid; ask about at least 1 row")
    if not 0 <= random_fraction <= 1:
        raise click.UsageError(f"--random {random_fraction:g} is not a fraction between 0 and 1")
    moment = moment_of(since, "--since")
    session = open_session(
        open_store(store),
        model,
        limit=limit,
        random_fraction=random_fraction,
        since=None if moment is None else clock.iso(moment),
    )
    questions = session.questions()
    if as_json:
        for question in questions:
            emit_json(question.document())
    elif not questions:
        raise InputError(f"the requests of the rows of {model} are no longer stored")
    else:
        _ask_all(session, questions, show_prediction)


def _ask_all(session: ReviewSession, questions: Sequence[Question], show_prediction: bool) -> None:
    reached = session.promote()
    if reached:
        echo(f"{plural(reached, 'earlier answer')} now in the random sample")
    echo(f"answer with {session.form.hint}; Enter skips a row, Ctrl-C ends")
    answered: list[Question] = []
    asked: Question | None = None
    try:
        for number, question in enumerate(questions, 1):
            if not session.claim(question.queued):
                continue  # somebody else is being asked about it
            asked = question
            echo("", *_lines(question, f"{number} of {len(questions)}", show_prediction))
            if _answer(session, question):
                answered.append(question)
            asked = None
    except click.Abort:  # Ctrl-C, Ctrl-D, or the end of the input
        echo("")
    finally:
        if asked is not None:
            session.release(asked.queued)
    drawn = sum(question.queued.reason == RANDOM for question in answered)
    echo(
        f"{plural(len(answered), 'label')} stored: {drawn} of rows drawn at random, which count in "
        f"metrics, and {len(answered) - drawn} of chosen rows, which do not"
    )


def _answer(session: ReviewSession, question: Question) -> bool:
    """Ask until the answer is of the model's type; return False if the row was skipped."""
    while True:
        text = ask("label")
        if not text.strip():
            session.skip(question.queued)
            return False
        try:
            session.answer(question.queued, text)
        except InputError as error:
            echo(f"  {error}")
        else:
            return True


def _lines(question: Question, place: str, show_prediction: bool) -> Iterator[str]:
    row = question.row
    reason = question.queued.reason.replace("_", " ")
    yield f"{place} ({reason}), {clock.short(row.event_time)}, {row.exchange_id} row {row.row}"
    width = max(map(len, question.features), default=0)
    for name, value in question.features.items():
        yield f"  {name:<{width}}  {_shown(value)}"
    if show_prediction:
        score = "" if row.score is None else f" (score {row.score:.3g})"
        yield f"  {'prediction':<{width}}  {_shown(row.prediction)}{score}"


def _shown(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
