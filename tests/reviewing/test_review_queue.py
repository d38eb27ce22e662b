"""The queue: a random sample that does not depend on earlier choices, and reasons in turn."""

from __future__ import annotations

import pytest

from modeltap.reviewing.review_queue import RANDOM, draw_of, queue_of
from modeltap.store.reviews import ReviewableRow

PLACES = [(f"e{number}", 0) for number in range(1000)]


def rows(*, reviewed=(), labelled=(), reason="unusual"):
    reviews = dict.fromkeys(reviewed, reason)
    return [
        ReviewableRow(*place, "", "yes", None, None, "", place in labelled, reviews.get(place))
        for place in PLACES
    ]


def queue(own, reasons=(), *, limit=20, random_fraction=0.5):
    return queue_of(own, dict(reasons), limit=limit, random_fraction=random_fraction)


def test_the_random_share_is_the_rows_with_the_smallest_draws():
    own = queue(rows(), random_fraction=1.0)
    assert [queued.row.key for queued in own.rows] == sorted(PLACES, key=draw_of)[:20]
    assert {(queued.reason, queued.probability) for queued in own.rows} == {(RANDOM, 0.02)}


def test_draws_are_uniform():
    """A mean of 0.5, and a tenth below 0.1, within three standard errors."""
    draws = [draw_of(place) for place in PLACES]
    assert abs(sum(draws) / 1000 - 0.5) < 3 * (1 / 12 / 1000) ** 0.5
    assert abs(sum(draw < 0.1 for draw in draws) / 1000 - 0.1) < 3 * (0.09 / 1000) ** 0.5


def test_reasons_take_turns_and_no_row_is_queued_twice():
    low, unusual = PLACES[:50], [PLACES[0], *PLACES[60:70]]
    own = queue(rows(), [("low", low), ("unusual", unusual)], limit=10, random_fraction=0)
    assert [queued.reason for queued in own.rows[:4]] == ["low", "unusual", "low", "unusual"]
    assert len({queued.row.key for queued in own.rows}) == 10
    both = queue(rows(), [("low", low)], limit=10)
    assert [queued.reason for queued in both.rows].count(RANDOM) == 5
    assert [queued.reason for queued in both.rows[:2]] != ["low", "low"]  # mixed from the beginning


def test_a_row_that_was_chosen_before_belongs_to_the_random_share_when_it_is_reached():
    """Otherwise the share would lack the rows that were chosen, which are the hard ones."""
    first = sorted(PLACES, key=draw_of)
    own = queue(rows(reviewed=first[:3]), random_fraction=1.0)
    assert [queued.row.key for queued in own.promoted] == first[:3]
    assert [queued.row.key for queued in own.rows] == first[3:23]
    again = queue(rows(reviewed=first[:3], reason=RANDOM), random_fraction=1.0)
    assert again.promoted == [] and again.rows[0].row.key == first[3]


def test_labelled_rows_are_not_asked_about():
    own = queue(rows(labelled=PLACES[10:]), [("low", PLACES)], limit=50)
    assert {queued.row.key for queued in own.rows} == set(PLACES[:10])
    assert own.population == 10


@pytest.mark.parametrize(("limit", "fraction", "drawn"), [(1, 0.1, 1), (10, 0.0, 0), (3, 1, 3)])
def test_the_share_has_at_least_one_row_unless_it_is_turned_off(limit, fraction, drawn):
    own = queue(rows(), [("low", PLACES)], limit=limit, random_fraction=fraction)
    assert sum(queued.reason == RANDOM for queued in own.rows) == drawn
    assert len(own.rows) == limit


def test_the_share_is_an_unbiased_sample_after_many_sessions():
    """Each session chooses the hardest rows first; the rate of the share stays that of all rows."""
    hard = set(PLACES[:300])
    reviewed: dict[tuple[str, int], str] = {}
    for _ in range(10):
        own = queue_of(
            [row._replace(reason=reviewed.get(row.key)) for row in rows()],
            {"low": PLACES[:300]},
            limit=40,
            random_fraction=0.5,
        )
        reviewed |= {queued.row.key: queued.reason for queued in (*own.rows, *own.promoted)}
    share = [place for place, reason in reviewed.items() if reason == RANDOM]
    assert sorted(share, key=draw_of) == sorted(PLACES, key=draw_of)[: len(share)]
    rate = sum(place in hard for place in share) / len(share)
    assert len(share) >= 200 and abs(rate - 0.3) < 3 * (0.21 / len(share)) ** 0.5
