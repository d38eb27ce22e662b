"""Batches that a pass keeps: the rows that decoding them again would give."""

from __future__ import annotations

import json

import msgspec
import pytest

from modeltap.analysis.counting import kept_batches
from modeltap.analysis.counting.kept_batches import KeptBatches
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.rows import row_type
from modeltap.store.models import ModelVersion
from modeltap.store.predictions import StoredRow
from modeltap.store.stored_exchanges import StoredExchange

OF = ModelVersion("m", "")


def batch_of(seqs, fields=("a", "b")):
    """Decode an exchange with two rows for each `seq`."""
    empty = dict.fromkeys(StoredExchange._fields)
    exchanges = []
    for seq in seqs:
        rows = [dict.fromkeys(fields, seq * 10 + row) for row in range(2)]
        own = {
            "seq": seq,
            "id": f"e{seq}",
            "model": "m",
            "status": 200,
            "path": "/predict",
            "request_type": "application/json",
            "request_body": json.dumps({"instances": rows}),
            "response_body": json.dumps({"predictions": [seq, seq + 0.5]}),
            "event_time": "2024-01-01T00:00:00.000Z",
        }
        exchanges.append(StoredExchange(**(empty | own)))
    return read(exchanges, Settings(), Decoders())


@pytest.fixture
def kept():
    """Batches of the exchanges 1 to 3 and 4 to 6."""
    kept = KeptBatches()
    kept.begin(0)
    for seqs in ([1, 2, 3], [4, 5, 6]):
        kept.add(OF, seqs[-1], batch_of(seqs))
    return kept


def stored(*keys):
    return [StoredRow(f"e{seq}", row, "2024-01-01T00:00:00.000Z", seq) for seq, row in keys]


def test_rows_are_picked_in_order_from_several_batches(kept):
    picked = kept.picked("m", stored((5, 1), (1, 0), (4, 0), (3, 1)))
    assert list(zip(picked.ids, picked.row_numbers, strict=True)) == [
        ("e5", 1),
        ("e1", 0),
        ("e4", 0),
        ("e3", 1),
    ]
    assert picked.columns() == {
        "a": [51, 10, 40, 31],
        "b": [51, 10, 40, 31],
        "prediction": [5.5, 1, 4, 3.5],
    }


def test_rows_that_are_not_kept_are_to_be_decoded(kept):
    assert kept.picked("m", stored((1, 0), (7, 0))) is None
    assert kept.picked("m", stored((1, 2))) is None
    assert kept.picked("other", stored((1, 0))) is None
    assert kept.picked("m", []) is None


def test_a_batch_follows_an_exchange(kept):
    """A batch that is not kept leaves a gap, up to which exchanges are decoded again."""
    assert (kept.following(OF, 0).before, kept.following(OF, 0).after) == (0, 3)
    assert kept.following(OF, 3).after == 6
    assert kept.following(OF, 6) is None
    mixed = batch_of([7, 8])
    mixed.rows[0] = msgspec.convert({"other": 1}, row_type([{"other": 1}]))
    kept.add(OF, 8, mixed)
    kept.add(OF, 9, batch_of([9]))
    following = kept.following(OF, 6)
    assert (following.before, following.after) == (8, 9)


def test_the_size_is_limited(monkeypatch):
    monkeypatch.setattr(kept_batches, "_MAX_BYTES", 1)
    kept = KeptBatches()
    kept.begin(5)
    kept.add(OF, 6, batch_of([6]))
    kept.add(OF, 7, batch_of([7]))
    assert kept.following(OF, 5).after == 6 and kept.following(OF, 6) is None


def test_rows_of_a_batch_in_which_some_lack_fields_are_decoded_again():
    """The order of a reference's features is that of its own rows."""
    kind = row_type([{"a": 1, "b": 2}, {"a": 1}])
    batch = batch_of([1, 2])
    batch.rows = [msgspec.convert(row, kind) for row in ({"a": 1}, {"a": 1, "b": 1}) * 2]
    kept = KeptBatches()
    kept.begin(0)
    kept.add(OF, 2, batch)
    assert kept.following(OF, 0) is not None and kept.picked("m", stored((1, 1))) is None


def chats(seqs):
    """Decode a chat for each `seq`; every other one has a temperature."""
    empty = dict.fromkeys(StoredExchange._fields)
    exchanges = []
    for seq in seqs:
        request = {"temperature": 0.5} if seq % 2 else {}
        request |= {"model": "m", "messages": [{"role": "user", "content": f"question {seq}"}]}
        message = {"role": "assistant", "content": f"response {seq}"}
        own = {
            "seq": seq,
            "id": f"e{seq}",
            "model": "m",
            "status": 200,
            "path": "/v1/chat/completions",
            "request_type": "application/json",
            "request_body": json.dumps(request),
            "response_body": json.dumps({"choices": [{"index": 0, "message": message}]}),
        }
        exchanges.append(StoredExchange(**(empty | own)))
    return read(exchanges, Settings(), Decoders())


def test_rows_with_different_names_are_picked_as_decoded():
    """So the order of their columns is that of the picked rows."""
    kept = KeptBatches()
    kept.begin(0)
    kept.add(OF, 3, chats([1, 2, 3]))
    kept.add(OF, 6, chats([4, 5, 6]))
    for seqs in ([2, 5], [5, 2], [4], [6, 1, 3]):
        picked = kept.picked("m", stored(*((seq, 0) for seq in seqs)))
        assert (picked.ids, picked.answers) == (chats(seqs).ids, chats(seqs).answers)
        assert list(picked.columns().items()) == list(chats(seqs).columns().items())


def test_long_texts_and_vectors_count_as_large():
    """In rows, predictions and further fields of the output."""
    batch = chats([1, 2])
    small = batch.compact().size
    batch.rows[0]["prompt"] = "x" * 10_000
    batch.predictions[0] = "x" * 10_000
    batch.answers[1]["embedding"] = [0.5] * 1_000
    assert batch.compact().size > small + 20_000 + 30_000
