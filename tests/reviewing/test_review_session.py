"""A session: answers become labels at once, and only those of the random sample count."""

from __future__ import annotations

import pytest

from modeltap.config.settings import Settings
from modeltap.errors import InputError
from modeltap.reviewing.review_queue import RANDOM
from modeltap.reviewing.review_session import ReviewSession
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from modeltap.store.retention import ExchangeKey, delete
from review_cases import fill
from stores import analyze, read


@pytest.fixture
def session(store):
    fill(store)
    connection = connect(store)

    def begin(limit=10, random_fraction=0.5):
        return ReviewSession(
            connection, Settings(), "loans", limit=limit, random_fraction=random_fraction
        )

    yield begin
    connection.close()


def test_no_row_is_asked_about_twice(session, store):
    """Answered or skipped; the label has the source of its part of the queue."""
    asked = []
    for _ in range(3):
        own = session()
        own.promote()
        for number, question in enumerate(own.questions()):
            asked.append(question.row.key)
            assert question.features.keys() == {"amount"}
            if number % 3:
                own.answer(question.queued, "yes")
            else:
                own.skip(question.queued)
    assert len(set(asked)) == len(asked) == 30
    sources = read(store, "select source, count(*) as n from labels group by 1 order by 1")
    assert [row["source"] for row in sources] == ["review", "review_chosen"]
    states = read(store, "select state, count(*) as n from reviews group by 1 order by 1")
    assert [row["state"] for row in states] == ["answered", "skipped"]


def test_only_the_random_share_counts_in_metrics(session, store):
    """The chosen rows are wrong, the drawn ones right: accuracy is 1."""
    own = session(limit=240)
    questions = own.questions()
    for question in questions:
        is_drawn = question.queued.reason == RANDOM
        right = question.row.prediction
        own.answer(question.queued, right if is_drawn else {"yes": "no", "no": "yes"}[right])
    analyze(store, {}, include_open=True)
    values = read(store, "select value, rows from metrics where metric = 'accuracy'")
    drawn = sum(question.queued.reason == RANDOM for question in questions)
    assert values and {row["value"] for row in values} == {1.0}
    assert values[-1]["rows"] <= drawn == 120


def test_a_chosen_answer_counts_once_the_random_share_reaches_it(session, store):
    chosen = session(limit=100, random_fraction=0)
    for question in chosen.questions():
        chosen.answer(question.queued, "no")
    assert read(store, "select 1 from labels where source = 'review'") == []
    drawn = session(limit=50, random_fraction=1)
    assert 0 < drawn.promote() == len(drawn.queue.promoted)
    counted = read(store, "select * from labels where source = 'review'")
    assert len(counted) == len(drawn.queue.promoted) and {row["value"] for row in counted} == {"no"}


def test_a_label_from_elsewhere_takes_the_row_out(session, store):
    with writing(connection := connect(store)):
        labels = [Label(f"r{number}", 0, "yes") for number in range(295)]
        insert_labels(connection, labels, source="crm")
    asked = {question.row.exchange_id for question in session().questions()}
    assert asked == {f"r{number}" for number in range(295, 300)}
    with writing(connection):
        insert_labels(connection, [Label(id_, 0, "no") for id_ in asked], source="crm")
    connection.close()
    with pytest.raises(InputError, match="has a label or was reviewed already"):
        session()


def test_an_answer_that_is_not_finite_is_refused(store):
    fill(store, response=lambda n: {"prediction": n / 7})
    connection = connect(store)
    own = ReviewSession(connection, Settings(), "loans", limit=1, random_fraction=1)
    with pytest.raises(InputError, match="not a finite number"):
        own.answer(own.questions()[0].queued, "nan")
    assert own.answer(own.questions()[0].queued, "12.5") == 12.5
    connection.close()


@pytest.mark.parametrize("response", [{"prediction": {"a": 1.0, "b": 2.0}}])
def test_several_outputs_cannot_be_typed(store, response):
    fill(store, count=30, response=lambda _: response)
    connection = connect(store)
    with pytest.raises(InputError, match="several outputs"):
        ReviewSession(connection, Settings(), "loans", limit=1, random_fraction=1)
    connection.close()


def test_deleted_exchanges_take_their_reviews_along(session, store):
    own = session(limit=1)
    (question,) = own.questions()
    own.skip(question.queued)
    connection = connect(store)
    (seq,) = connection.execute(
        "select seq from exchanges where id = ?", (question.row.exchange_id,)
    ).fetchone()
    with writing(connection):
        delete(connection, [ExchangeKey(seq, question.row.exchange_id)])
    connection.close()
    assert read(store, "select 1 from reviews") == []
