"""Erasure of a person: their exchanges, and their values in statistics and texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from modeltap.config.settings import Settings
from modeltap.erasing.erased_rows import ModelRows
from modeltap.erasing.learnt_values import (
    ErasedValues,
    ends_of,
    erase_learnt,
    stored_references,
)
from modeltap.erasing.remains import remaining
from modeltap.erasing.stored_texts import (
    Wording,
    erase_labels,
    erase_sentences,
    erase_texts,
)
from modeltap.privacy.erase import (
    Subject,
    check_field,
    delete_exchanges,
    empty,
    matching,
)
from modeltap.store.connection import writing
from modeltap.store.erasure import caller_ids, rewrite
from modeltap.store.retention import ExchangeKey, overwrite_deleted, release_free_pages

_NOT_REWRITTEN = (
    "the store was not rewritten, because it is large or busy, or the disk is nearly full; its "
    "pages may contain copies of deleted rows; stop the app and run `sqlite3 STORE vacuum`"
)


@dataclass
class Person:
    """A person in the exchanges of one model, identified by fields and values."""

    connection: sqlite3.Connection
    model: str
    settings: Settings
    subjects: Sequence[Subject]

    def __post_init__(self) -> None:
        self._references = stored_references(self.connection, self.model)
        columns = {column.name: column.kind for ref in self._references for column in ref.columns}
        texts = {name for name, kind in columns.items() if kind == "text"}
        self._rows = ModelRows(self.connection, self.model, self.settings, texts)
        self._columns = columns.keys()

    def exchanges(self) -> list[ExchangeKey]:
        """Return the person's exchanges.

        Raises `InputError` if a named field exists nowhere, because it may be misspelt.
        """
        by_field = matching(self.connection, self.model, *self.subjects)
        exchanges = list(dict.fromkeys(chain(by_field, self._rows.matching(self.subjects))))
        for subject in self.subjects:
            known = any(map(subject.is_about, self._columns))
            if not (known or self._rows.have(subject)):
                check_field(self.connection, self.model, subject)
        return exchanges

    def erase(self, exchanges: Sequence[ExchangeKey]) -> list[str]:
        """Erase the person; return one line for each place with remaining values, and the fix.

        Raises `BusyError` if readers block the write-ahead log, which may still hold the values.
        """
        overwrite_deleted(self.connection)
        ids = caller_ids(self.connection, exchanges)
        own = self._rows.own_values({exchange.id for exchange in exchanges}, self.subjects)
        erased = ErasedValues(self.subjects, own)
        fields, ends = erased.columns(self._references), ends_of(self._references)
        wording = Wording(erased, fields, ids, ends)
        # Exchanges are deleted after the statistics that are derived from them, so that an
        # interrupted erasure can be repeated.
        with writing(self.connection):
            erase_learnt(self.connection, self.model, erased)
        erase_sentences(self.connection, self.model, wording)
        delete_exchanges(self.connection, exchanges)
        erase_texts(self.connection, self.model, wording)
        with writing(self.connection):
            erase_labels(self.connection, erased, ids)
        release_free_pages(self.connection)
        left = remaining(self.connection, self.model, self.subjects)
        if not rewrite(self.connection):
            left.append(_NOT_REWRITTEN)
        empty(self.connection)
        return left
