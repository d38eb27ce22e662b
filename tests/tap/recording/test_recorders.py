"""One recorder for each store of a process, found by its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from modeltap.errors import InputError
from modeltap.tap.recording.recorders import Recorders
from recordings import count, put, settings_of


@pytest.fixture
def recorders():
    made = Recorders()
    yield made
    made.close()


def test_one_store_has_one_recorder_for_all_spellings_of_its_path(recorders, tmp_path):
    """Relative paths start at the working directory, as in settings."""
    recorder = recorders.of(settings_of("taps.db"))
    assert recorders.of(settings_of(str(tmp_path / "taps.db"))) is recorder
    assert recorders.of(settings_of("other.db")) is not recorder
    assert recorders.chosen("taps.db") == [recorder] and recorders.chosen("unknown.db") == []
    assert len(recorders.chosen(None)) == len(recorders.all()) == 2


def test_a_store_must_be_given_if_there_are_several_or_none(recorders):
    with pytest.raises(InputError, match="no store yet; pass store="):
        recorders.store_path(None)
    path = recorders.of(settings_of("a.db")).store
    assert recorders.store_path(None) == path and recorders.store_path("x.db") == Path("x.db")
    recorders.of(settings_of("b.db"))
    with pytest.raises(InputError, match=r"a\.db, .*b\.db"):
        recorders.store_path(None)


def test_counters_are_sums_over_the_selected_stores(recorders):
    for name, number in (("a.db", 2), ("b.db", 3)):
        settings = settings_of(name)
        put(recorders.of(settings), settings, number)
    assert recorders.flush(20, None)
    assert recorders.stats(None)["written"] == 5 and recorders.stats("a.db")["written"] == 2
    assert recorders.stats("c.db")["captured"] == 0
    assert recorders.stats(None)["dropped_by_reason"] == {}
    assert (count("a.db"), count("b.db")) == (2, 3)


def test_closing_writes_all_exchanges_and_removes_recorders(recorders):
    settings = settings_of("a.db")
    put(recorders.of(settings), settings, 4)
    recorders.close()
    assert count("a.db") == 4 and recorders.all() == []
