"""Shared by tests of language models' protocols: a real server, and the tap's records of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modeltap.config.settings import Settings
from modeltap.decoding import batches
from modeltap.decoding.decoders import Decoders
from modeltap.payload import Decoded, Payload
from modeltap.store.stored_exchanges import StoredExchange

SERVER = Path(__file__).parents[2] / "support" / "llm_server.py"


@dataclass
class Seen:
    """An exchange as it was stored, and what the decoders find in it."""

    exchange: dict[str, Any]
    found: Decoded

    @property
    def stream(self) -> dict[str, Any]:
        return json.loads(self.exchange["stream"])


def seen(row: Any) -> Seen:
    """Decode a stored exchange as the analyzer does."""
    decoded = []

    class Kept(Decoders):
        def decode(self, payload: Payload) -> Decoded:
            decoded.append(super().decode(payload))
            return decoded[-1]

    exchange = StoredExchange(**{name: row[name] for name in StoredExchange._fields})
    batches.read([exchange], Settings(), Kept())
    return Seen(dict(row), decoded[-1])


@pytest.fixture
def llm(serve, tmp_path, read_rows, eventually):
    """Serve the app; calling `llm.seen()` gives the last exchange, once there are `count`."""
    served = serve(SERVER.read_text())
    store = tmp_path / "modeltap.db"

    def last(count: int = 1) -> Seen:
        sql = "select * from exchanges where path <> '/health' order by seq"
        assert eventually(lambda: len(read_rows(store, sql)) >= count)
        return seen(read_rows(store, sql)[-1])

    served.seen, served.store = last, store
    return served
