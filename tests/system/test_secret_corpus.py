"""Secrets sent on many routes to live apps: no trace of them in any file."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command import modeltap
from secret_corpus import all_routes, features, limits
from secret_corpus.addresses import KEPT_HEADERS
from secret_corpus.imports import WRITERS
from secret_corpus.live import ASGI, WSGI, Corpus, call, send
from secret_corpus.sequences import OWN_PATTERN, SHAPES

FEATURES = 150
"""So many bodies, at least, have nothing to hide."""

PROMISED = 300
"""So many secrets, at least, are sent to each app."""

MASKED = 1000
"""So many bodies, at least, are kept without their secret: to keep none would be no masking."""

KEEPING = f"capture_request_headers={KEPT_HEADERS!r}, capture_response_headers={KEPT_HEADERS!r}"

SLOW = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("options", "app"),
    [
        (KEEPING, ASGI),
        pytest.param(KEEPING, WSGI, marks=SLOW),
        pytest.param(f"{KEEPING}, mask_with='hash', mask_key='k'", ASGI, marks=SLOW),
        pytest.param(
            f"{KEEPING}, mask_with='drop', mask_body_fields=['^q1$'], mask_values=['card']",
            ASGI,
            marks=SLOW,
        ),
    ],
    ids=["ASGI", "WSGI", "hash", "drop"],
)
def test_no_secret_is_in_any_file(tmp_path, options, app):
    """Each route is taken twice, with memories cold and warm, and bodies as answers, too."""
    corpus = whole_corpus()
    store = tmp_path / "store"
    send(store, corpus.visits, options, app)
    assert corpus.leaks(store) == {}
    assert len(corpus.routes) >= PROMISED
    assert count_in(store) >= len(corpus.visits)
    assert count_in(store, "request_note = 'masked'") >= MASKED


def whole_corpus():
    corpus = Corpus()
    corpus.add(all_routes())
    corpus.add(all_routes())
    corpus.add_answers(all_routes())
    corpus.add_numbers()
    return corpus


def count_in(store, condition="true"):
    with closing(sqlite3.connect(store / "taps.db")) as connection:
        statement = f"select count(*) from exchanges where {condition}"
        return connection.execute(statement).fetchone()[0]


@pytest.mark.parametrize("how", ["mark", "drop"])
def test_an_own_pattern_is_found_after_clean_bodies(tmp_path, how):
    """A memory of clean bodies tells `phone2` from `phone1`, in every kind of body."""
    corpus = Corpus()
    for _ in range(2):
        for shape in SHAPES:
            corpus.add_sequence(shape)
    store = tmp_path / "store"
    send(store, corpus.visits, f"mask_body_fields=[{OWN_PATTERN!r}], mask_with={how!r}")
    assert corpus.leaks(store) == {}
    assert count_in(store) >= len(corpus.visits)


def test_features_are_stored_as_they_came(tmp_path):
    """Numbers, booleans and lists of numbers under names with a secret's letters, and data sets."""
    named = features.visits()
    store = tmp_path / "store"
    answered = [visit.swapped() for visit in named.values()]
    send(store, [*named.values(), *answered])
    with closing(sqlite3.connect(store / "taps.db")) as connection:
        bodies = connection.execute(
            "select request_body, response_body from exchanges order by seq"
        )
        requests, responses = zip(*bodies.fetchall(), strict=True)
    sent = [visit.body.decode() for visit in named.values()]
    assert len(sent) >= FEATURES
    assert [body for body in sent if body not in set(requests)] == []
    assert [body for body in sent if body not in set(responses)] == []


@pytest.mark.slow
def test_the_corpus_is_found_where_nothing_is_masked(tmp_path):
    """Or the search finds nothing."""
    corpus = whole_corpus()
    store = tmp_path / "store"
    send(store, corpus.visits, f"{KEEPING}, mask_bodies=False")
    of_bodies = {
        name for name in corpus.routes.values() if name.startswith(BODIES) and "answer" not in name
    }
    assert of_bodies - set(corpus.leaks(store)) == set()


BODIES = (
    "name",
    "pair",
    "structure:",
    "table:",
    "validation:",
    "text:",
    "compressed:",
    "multipart:",
)


def test_each_limit_is_as_the_docs_say(tmp_path):
    """What is listed as not covered is stored: a limit that is none any more leaves the list."""
    corpus = Corpus()
    corpus.add(limits.routes())
    store = tmp_path / "store"
    send(store, corpus.visits)
    assert set(corpus.leaks(store)) == set(corpus.routes.values())
    uncovered = (DOCS / "privacy.md").read_text().partition("## Not covered")[2]
    assert re.findall(r"\*\*(.+?)\*\*", uncovered) == sorted(
        corpus.routes.values(), key=uncovered.index
    )


def test_calls_of_functions_leave_no_secret(tmp_path):
    """Arguments by name, a single one, results, pieces, and what a function raises."""
    corpus = whole_corpus()
    secrets = [corpus.secret("a function's argument") for _ in range(20)]
    store = tmp_path / "store"
    call(store, corpus.documents(), secrets)
    assert corpus.leaks(store) == {}
    assert count_in(store) >= 2 * len(corpus.documents()) + 4 * len(secrets)


@pytest.mark.parametrize(
    "kind",
    [kind if kind == "jsonl" else pytest.param(kind, marks=SLOW) for kind in WRITERS],
)
def test_imports_leave_no_secret(tmp_path, kind):
    """Of any format, with requests that wait for their responses, too."""
    corpus = whole_corpus()
    store = tmp_path / "store"
    store.mkdir()
    file = WRITERS[kind](tmp_path, corpus)
    modeltap("import", file, "--model", "m", "--format", kind, "--store", store / "taps.db")
    assert corpus.leaks(store) == {}
    assert count_in(store)
