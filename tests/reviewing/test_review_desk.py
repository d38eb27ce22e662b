"""Several reviewers at once: no row twice, undo, and what comes of a claim."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from modeltap import clock
from modeltap.errors import InputError
from modeltap.reviewing.review_desk import ReviewDesk
from modeltap.reviewing.row_claim import claim_queued
from modeltap.reviewing.stored_review import open_session
from modeltap.store.connection import connect, writing
from modeltap.store.retention import ExchangeKey, delete
from modeltap.store.review_claims import newest_reviews, review_of
from review_cases import fill
from stores import read


@pytest.fixture
def filled(store):
    fill(store, 120)
    with closing(connect(store)) as connection:
        yield connection


def last_label(store, claim):
    rows = read(
        store,
        "select value, source from labels where exchange_id = ? order by seq",
        claim.exchange_id,
    )
    return tuple(rows[-1].values()) if rows else None


def test_two_reviewers_never_get_the_same_row(filled, store):
    """Also if they are of two processes, whose queues are the same."""
    desks = [ReviewDesk(), ReviewDesk()]
    for desk in desks:  # before the first answer, for a later queue may count it as drawn, too
        desk.leave(filled, desk.next_claim(filled, "loans").claim)

    def review(desk):
        with closing(connect(store)) as connection:
            places = []
            for _ in range(12):
                claim = desk.next_claim(connection, "loans")
                places.append((claim.exchange_id, claim.row))
                desk.answer(connection, claim.claim, "loans", "yes")
            return places

    with ThreadPoolExecutor(4) as pool:
        places = [place for own in pool.map(review, [*desks, *desks]) for place in own]
    assert len(set(places)) == 48
    counts = read(store, "select count(*) as n from labels group by exchange_id, row")
    assert {row["n"] for row in counts} == {1} and len(counts) == 48


def test_a_late_queue_counts_chosen_answers_as_drawn_once(filled, store):
    """Also if two processes make their queues at the same time, or a review is taken back."""
    desk = ReviewDesk()
    claims = [desk.next_claim(filled, "loans", 0.2) for _ in range(30)]
    for claim in claims:
        desk.answer(filled, claim.claim, "loans", "yes")
    sessions = [open_session(filled, "loans", limit=60, random_fraction=1.0) for _ in range(2)]
    reached = [queued.row.key for queued in sessions[0].queue.promoted]
    assert len(reached) > 1
    desk.undo(filled, "loans", *reached[0])
    assert [own.promote() for own in sessions] == [len(reached) - 1, 0]
    sources = read(
        store,
        "select group_concat(source, ' ') as sources from (select * from labels "
        "where (exchange_id, row) in (select value ->> 0, value ->> 1 from json_each(?)) "
        "order by seq) group by exchange_id, row",
        json.dumps(reached[1:]),
    )
    assert [row["sources"] for row in sources] == ["review_chosen review"] * (len(reached) - 1)
    assert review_of(filled, *reached[0]) is None


def test_of_answers_at_the_same_time_one_is_stored(filled, store):
    """As with a double click: both threads have read the form before either writes."""
    desk, ready = ReviewDesk(), Barrier(2)
    claim = desk.next_claim(filled, "loans")

    class Slow(ReviewDesk):
        def _form(self, connection, model):
            form = super()._form(connection, model)
            ready.wait(240)
            return form

    def answer(slow):
        with closing(connect(store)) as connection:
            try:
                return slow.answer(connection, claim.claim, "loans", "yes")
            except InputError as error:
                return str(error)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(answer, [Slow(), Slow()]))
    assert sum("was answered" in str(result) for result in results) == 1
    assert len(read(store, "select 1 as n from labels")) == 1


def test_the_terminal_skips_rows_of_others(filled):
    claim = ReviewDesk().next_claim(filled, "loans")
    session = open_session(filled, "loans", limit=120, random_fraction=0.5)
    free = [own for own in session.queue.rows if session.claim(own)]
    assert (claim.exchange_id, claim.row) not in {own.row.key for own in free}
    session.release(free[0])
    assert claim_queued(filled, "loans", free[0])
    with pytest.raises(InputError, match="others are being asked"):
        ReviewDesk().next_claim(filled, "loans")


def test_a_claim_ends_with_its_time(filled, monkeypatch):
    """Then another reviewer gets the row, and the first one's answer is refused."""
    desk = ReviewDesk()
    monkeypatch.setattr("modeltap.reviewing.row_claim.CLAIM_SECONDS", -1.0)
    late = desk.next_claim(filled, "loans")
    assert desk.question(filled, late.claim, "loans").features.keys() == {"amount"}
    monkeypatch.undo()
    other = ReviewDesk().next_claim(filled, "loans")
    assert (other.exchange_id, other.row) == (late.exchange_id, late.row)
    with pytest.raises(InputError, match="given to somebody else"):
        desk.answer(filled, late.claim, "loans", "yes")
    desk.leave(filled, late.claim)
    desk.leave(filled, other.claim)


def test_undo_takes_the_label_back_and_asks_again(filled, store):
    """The withdrawn label is the last one of its row, so that it counts no more."""
    desk = ReviewDesk()
    claim = desk.next_claim(filled, "loans", 1.0)
    desk.answer(filled, claim.claim, "loans", "no")
    assert last_label(store, claim) == ("no", "review")
    with pytest.raises(InputError, match="was answered"):
        desk.answer(filled, claim.claim, "loans", "yes")
    again = desk.undo(filled, "loans", claim.exchange_id, claim.row)
    assert last_label(store, claim) == (None, "review")
    assert (again.exchange_id, again.reason) == (claim.exchange_id, claim.reason)
    assert again.probability == claim.probability
    with pytest.raises(InputError, match="was not reviewed"):
        desk.undo(filled, "loans", claim.exchange_id, claim.row)
    desk.answer(filled, again.claim, "loans", "")
    assert review_of(filled, claim.exchange_id, claim.row).state == "skipped"
    again = desk.undo(filled, "loans", claim.exchange_id, claim.row)
    desk.answer(filled, again.claim, "loans", "no")
    assert last_label(store, claim) == ("no", "review")
    (review,) = newest_reviews(filled, "loans", 5)
    assert (review.label, review.state) == ("no", "answered")


def test_chosen_rows_are_taken_back_too(filled, store):
    desk = ReviewDesk()
    claim = desk.next_claim(filled, "loans", 0.0)
    assert claim.reason != "random"
    desk.answer(filled, claim.claim, "loans", "yes")
    assert last_label(store, claim) == ("yes", "review_chosen")
    desk.undo(filled, "loans", claim.exchange_id, claim.row)
    assert last_label(store, claim) == (None, "review_chosen")


def test_a_new_class_is_offered_from_then_on(filled):
    desk = ReviewDesk()
    claim = desk.next_claim(filled, "loans")
    with pytest.raises(InputError, match="none of the classes"):
        desk.answer(filled, claim.claim, "loans", "maybe")
    desk.answer(filled, claim.claim, "loans", "+maybe")
    claim = desk.next_claim(filled, "loans")
    assert "maybe" in desk.question(filled, claim.claim, "loans").form.classes
    # Another process, which has no queue, reads it from the labels of rows drawn at random.
    form = ReviewDesk().question(filled, claim.claim, "loans").form
    assert {"yes", "no"} <= set(form.classes)


def test_a_row_that_is_gone_is_said_to_be(filled):
    desk = ReviewDesk()
    claim = desk.next_claim(filled, "loans")
    row = filled.execute("select seq, id, model from exchanges where id = ?", (claim.exchange_id,))
    seq = row.fetchone()["seq"]
    filled.execute("delete from exchanges where seq = ?", (seq,))
    with pytest.raises(InputError, match="no longer stored"):
        desk.question(filled, claim.claim, "loans")
    for wrong in ("", "x", claim.claim[:-1]):
        with pytest.raises(InputError, match="was answered, or given"):
            desk.question(filled, wrong, "loans")
    with pytest.raises(InputError, match="was answered, or given"):
        desk.question(filled, claim.claim, "other")


def test_retention_deletes_claims(filled):
    claim = ReviewDesk().next_claim(filled, "loans")
    key = filled.execute(
        f"select {', '.join(ExchangeKey._fields)} from exchanges where id = ?", (claim.exchange_id,)
    ).fetchone()
    with writing(filled):
        delete(filled, [ExchangeKey(*key)])
    assert filled.execute("select count(*) from review_claims").fetchone()[0] == 0
    assert clock.parse(claim.until) is not None
