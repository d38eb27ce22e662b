"""Models: counted versions, and the known model names."""

from __future__ import annotations

import pytest

from modeltap.errors import InputError
from modeltap.store.connection import connect, writing
from modeltap.store.models import check_model, counted_models, record_model
from modeltap.store.settings import save_settings


def test_each_model_and_version_is_recorded_once(store):
    connection = connect(store)
    with writing(connection):
        for model, version in (("b", ""), ("a", "2"), ("a", "1"), ("a", "2")):
            record_model(connection, model, version)
    assert counted_models(connection) == [("a", "1"), ("a", "2"), ("b", "")]
    connection.close()


def test_an_unknown_model_is_refused_with_the_nearest_name(store):
    connection = connect(store)
    check_model(connection, None)
    with pytest.raises(InputError, match="the store has no model yet"):
        check_model(connection, "flights")
    with writing(connection):
        save_settings(connection, "flights", {"window": "1h"})
    check_model(connection, "flights")
    with pytest.raises(InputError, match="flights"):
        check_model(connection, "flight")
    connection.close()
