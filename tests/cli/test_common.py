"""Shared options: times, the store's path, and opening it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from modeltap.cli.common import moment_of, open_store, read_store, required_model, store_path
from modeltap.errors import StoreError


def test_times_are_parsed_and_invalid_ones_are_reported():
    assert moment_of("1970-01-02", "--since") == 86_400 and moment_of(None, "--since") is None
    with pytest.raises(click.UsageError, match="--since 'soon' is not a valid time"):
        moment_of("soon", "--since")


def test_the_flag_overrides_the_file():
    assert store_path(None) == Path("modeltap.db") and store_path("x.db") == Path("x.db")
    Path("modeltap.toml").write_text('store = "mine.db"\n')
    assert store_path(None) == Path("mine.db")


def test_a_store_is_created_only_on_request_and_read_only_when_read():
    with pytest.raises(StoreError, match=r"no store at 'x\.db'"):
        open_store("x.db")
    open_store("x.db", create=True).close()
    with closing(read_store("x.db")) as connection:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("insert into models (model, version) values ('m', '')")
        assert connection.execute("select * from models").fetchall() == []


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_required_model_needs_a_name(name):
    """Else a store would have a model that nobody can see."""

    @click.command()
    @required_model()
    def command(model):
        raise AssertionError(model)

    with pytest.raises(click.UsageError, match="is not a model's name"):
        command.main(["--model", name], standalone_mode=False)
