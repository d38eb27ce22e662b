"""Shadow traffic in `status` and `doctor`."""

from __future__ import annotations

import time

import pytest

from command import lines, modeltap
from modeltap import clock
from modeltap.store.connection import connect, writing
from modeltap.store.shadow_counts import KEPT, ShadowCount, add_shadow_counts
from stores import analyze, every, put


@pytest.fixture
def filled(store):
    """A model with 300 rows, and 100 requests chosen for its challenger just now."""
    put(store, every(1, 300), [{"x": n % 7} for n in range(300)])
    analyze(store, {})
    add(store, kept=90, timeout=9, redirect=1)
    return store


def add(store, age=0.0, **counts):
    connection = connect(store)
    hour = clock.iso(time.time() - age)
    with writing(connection):
        add_shadow_counts(
            connection,
            [
                ShadowCount("m", "", "next", hour, KEPT if name == "kept" else name, count)
                for name, count in counts.items()
            ],
        )
    connection.close()


def shadow_of(store, code=0):
    rows = lines(modeltap("doctor", "--store", store, "--json", code=code))
    return [row for row in rows if row["check"] == "shadow"]


def test_both_say_what_became_of_the_requests(filled):
    sentence = "shadow candidate 'next': 90 of 100 requests of the last day kept"
    assert f"{sentence}; lost: 9 timeout, 1 redirect" in modeltap("status", "--store", filled)
    (row,) = lines(modeltap("status", "--store", filled, "--json"))
    losses = {"timeout": 9, "redirect": 1}
    assert row["shadow"] == [{"candidate": "next", "kept": 90, "lost_by_reason": losses}]
    (found,) = shadow_of(filled)
    assert found["ok"] and found["subject"] == "next"
    assert (found["count"], found["total"]) == (90, 100)


def test_losing_most_requests_is_a_problem_while_it_lasts(filled):
    add(filled, timeout=200)
    (found,) = shadow_of(filled, code=1)
    assert not found["ok"] and "209 timeout" in found["finding"]


def test_losses_of_earlier_days_are_left_out(filled):
    add(filled, age=48 * 3600, timeout=10_000)
    (found,) = shadow_of(filled)
    assert found["ok"] and found["total"] == 100


def test_a_challenger_of_an_unknown_model_has_a_hint(filled, tmp_path):
    (tmp_path / "modeltap.toml").write_text(
        '[models.mm.shadow]\nurl = "https://challenger.example.org"\n'
        '[models.m.shadow]\nurl = "env:NO_SUCH_CHALLENGER"\n'
    )
    unknown, unset, _ = shadow_of(filled, code=1)
    assert "no requests of model 'mm'" in unknown["finding"] and unknown["ok"]
    assert "did you mean 'm'" in unknown["finding"]
    assert "NO_SUCH_CHALLENGER is not set" in unset["finding"] and not unset["ok"]
