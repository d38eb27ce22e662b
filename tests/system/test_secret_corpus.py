"""Secrets sent on many routes to live apps: no trace of them in any file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from secret_corpus import all_routes
from secret_corpus.addresses import KEPT_HEADERS
from secret_corpus.live import Corpus, send

PROMISED = 300
"""So many secrets, at least, are sent to each app."""

KEEPING = f"capture_request_headers={KEPT_HEADERS!r}, capture_response_headers={KEPT_HEADERS!r}"


@pytest.mark.parametrize(
    "options",
    [
        KEEPING,
        f"{KEEPING}, mask_with='hash', mask_key='k'",
        f"{KEEPING}, mask_with='drop', mask_body_fields=['^phone1$'], mask_values=['card']",
    ],
    ids=["mark", "hash", "drop"],
)
def test_no_secret_is_in_any_file(tmp_path, options):
    """Each route is taken twice: once with memories that are cold, and once that are warm."""
    corpus = Corpus()
    corpus.add(all_routes())
    corpus.add(all_routes())
    store = tmp_path / "store"
    send(store, corpus.visits, options)
    assert corpus.leaks(store) == {}
    assert len(corpus.routes) >= PROMISED
    with closing(sqlite3.connect(store / "taps.db")) as connection:
        count = connection.execute("select count(*) from exchanges").fetchone()[0]
    assert count >= len(corpus.visits)
