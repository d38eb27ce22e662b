"""The review queue: rows that are worth a label, one at a time, by keyboard or by forms.

Each answer is a POST that leads to the next question, so that it works without JavaScript, and a
question has an address that only reads.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request

from modeltap.dashboard.asked import Pages, name_meant
from modeltap.dashboard.page_table import PageTable
from modeltap.errors import InputError
from modeltap.reviewing.answer_form import class_key
from modeltap.reviewing.review_desk import ClaimedQuestion, ReviewDesk
from modeltap.reviewing.review_queue import RANDOM
from modeltap.reviewing.review_reasons import (
    DISAGREEMENT,
    LOW_CONFIDENCE,
    UNUSUAL,
    WORST_SLICE,
)
from modeltap.store.models import counted_models, known_models, require_model
from modeltap.store.review_claims import ReviewClaim, count_reviews, newest_reviews
from modeltap.store.reviews import ANSWERED
from modeltap.store.text import read_broken_text

REASONS = {
    RANDOM: "drawn at random; its label counts in metrics",
    LOW_CONFIDENCE: "the model was not sure; its label is for retraining only",
    DISAGREEMENT: "a candidate or a judge has another output; its label is for retraining only",
    WORST_SLICE: "of the slice with the largest error; its label is for retraining only",
    UNUSUAL: "an unusual row; its label is for retraining only",
}
"""Why a row is in the queue."""

SHARES = ("0.5", "1", "0.25", "0")
"""Fractions of the queue that are drawn at random, as the form offers them."""

_PROGRESS = ("model", "answered", "skipped", "at_random", "chosen")
_REVIEWS = ("reviewed_at", "exchange_id", "row", "reason", "probability", "state", "label")
_LISTED = 200
_MOST_BUTTONS = 30


def review_page(
    connection: sqlite3.Connection, request: Request, desk: ReviewDesk, problem: str = ""
) -> tuple[dict[str, Any], list[PageTable]]:
    """Return the values of the template: the question of a claim, or the models to review.

    Args:
        problem: why the last answer was not stored.
    """
    read_broken_text(connection)
    asked = request.query_params
    model = asked.get("model", "")
    if model:
        model = name_meant(model, known_models(connection))
        require_model(connection, model)
    claim = asked.get("claim", "")
    question = None
    if model and claim and not asked.get("table"):
        try:
            question = desk.question(connection, claim, model)
        except InputError as error:
            problem = problem or str(error)
    progress = _progress(connection)
    reviews = newest_reviews(connection, model, _LISTED) if model else []
    tables = [
        PageTable("progress", _PROGRESS, progress),
        PageTable("reviews", _REVIEWS, [_review_row(review) for review in reviews]),
    ]
    values = {
        "model": model,
        "models": sorted({known.model for known in counted_models(connection)}),
        "question": question,
        "reason": REASONS.get(question.claim.reason, question.claim.reason) if question else "",
        "choices": _choices(question),
        "problem": problem,
        "progress": progress,
        "own_progress": next((row for row in progress if row["model"] == model), None),
        "waiting": desk.waiting(model),
        "shares": SHARES,
        "share": asked.get("share", SHARES[0]),
        "is_shown": asked.get("show") == "1",
        "last": _last(asked, reviews),
        "end": asked.get("end", ""),
        "action": Pages.of(request).path("review"),
    }
    return values, tables


def _review_row(review: Any) -> dict[str, Any]:
    return {name: getattr(review, name) for name in _REVIEWS}


class ReviewChoice(NamedTuple):
    """A class to choose: its text, its name in the form, and its key on the keyboard or ""."""

    text: str
    name: str
    key: str


def _choices(question: ClaimedQuestion | None) -> list[ReviewChoice]:
    classes = question.form.classes[:_MOST_BUTTONS] if question else ()
    return [
        ReviewChoice(str(own), class_key(own), str(place) if place < 10 else "")
        for place, own in enumerate(classes, 1)
    ]


def _last(asked: Mapping[str, str], reviews: list[Any]) -> Any:
    """Return the review that the reviewer did last, which can be taken back."""
    place = (asked.get("last", ""), asked.get("last_row", ""))
    return next((own for own in reviews if (own.exchange_id, str(own.row)) == place), None)


def _progress(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = {}
    for own in count_reviews(connection):
        of = counts.setdefault(own.model, Counter())
        of["answered" if own.state == ANSWERED else "skipped"] += own.rows
        if own.state == ANSWERED:
            of["at_random" if own.reason == RANDOM else "chosen"] += own.rows
    return [
        {"model": model, **{name: of[name] for name in _PROGRESS[1:]}}
        for model, of in counts.items()
    ]


def review_by_form(
    connection: sqlite3.Connection, desk: ReviewDesk, form: Mapping[str, Any], pages: Pages
) -> str:
    """Do what a form asks; return the address of the next question.

    Raises:
        InputError: if an answer is not of the model's type, or there is nothing to ask about.
    """
    action = _text(form, "action")
    model = name_meant(_text(form, "model"), known_models(connection))
    require_model(connection, model)
    claim = _text(form, "claim")
    query: dict[str, Any] = {"model": model, "share": _text(form, "share")}
    query["show"] = "1" if form.get("show") else None
    if action == "undo":
        own = desk.undo(connection, model, _text(form, "last"), _row_number(form))
        return pages.path("review", **query, claim=own.claim)
    if action == "leave":
        desk.leave(connection, claim)
        return pages.path("review", model=model)
    if action == "answer":
        text, choice = _text(form, "answer"), _text(form, "choice")
        query |= _place(desk.answer(connection, claim, model, text, choice))
    elif action == "skip":
        query |= _place(desk.answer(connection, claim, model))
    elif action != "start":
        raise InputError(f"unknown action {action!r}; use start, answer, skip, undo or leave")
    try:
        query["claim"] = desk.next_claim(connection, model, _share(form)).claim
    except InputError as error:
        if action == "start":
            raise
        query["end"] = str(error)
    return pages.path("review", **query)


def _place(claim: ReviewClaim) -> dict[str, Any]:
    return {"last": claim.exchange_id, "last_row": str(claim.row)}


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _row_number(form: Mapping[str, Any]) -> int:
    text = _text(form, "last_row")
    if not (text.isdecimal() and len(text) < 10):
        raise InputError(f"last_row={text!r} is not the number of a row")
    return int(text)


def _share(form: Mapping[str, Any]) -> float:
    text = _text(form, "share") or SHARES[0]
    if text not in SHARES:
        raise InputError(f"share={text!r} is not valid; use one of {', '.join(SHARES)}")
    return float(text)
