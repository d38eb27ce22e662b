"""Decoded rows of a model: search for a person's rows, and for values only erased rows have."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product

from modeltap.analysis.counting.derived import words_of
from modeltap.analysis.model.feature import Column, plain
from modeltap.config.settings import Settings
from modeltap.decoding.batches import read
from modeltap.decoding.decoders import Decoders
from modeltap.decoding.row_batch import Batch
from modeltap.privacy.erase import Subject
from modeltap.store.erasure import label_values
from modeltap.store.retention import ExchangeKey
from modeltap.store.stored_exchanges import exchanges_of_version

_CHUNK = 2000
"""Exchanges that are decoded at a time, to bound memory."""

_END = 2**62
"""Larger than the number of any exchange or row."""

PREDICTION = "prediction"


@dataclass
class OwnValues:
    """The values of one column that only erased rows have, and the number of rows with each.

    The values of a text are its words.
    """

    words: Counter[str] = field(default_factory=Counter)
    numbers: Counter[float] = field(default_factory=Counter)

    def add(self, values: Sequence[object], *, is_text: bool) -> None:
        """Count the values of erased rows."""
        for value in values:
            if isinstance(value, str):
                self.words.update(set(words_of(value)) if is_text else (value,))
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self._add_number(value)

    def _add_number(self, value: float) -> None:
        try:
            self.numbers[float(value)] += 1
        except OverflowError:
            return
        if isinstance(value, int):
            self.words[str(value)] += 1  # because a code may also be a category

    def drop(self, values: Sequence[object], *, is_text: bool) -> None:
        """Remove the values that other rows also have."""
        for value in values:
            if isinstance(value, str):
                for word in words_of(value) if is_text else (value,):
                    self.words.pop(word, None)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self.numbers.pop(value, None)
                self.words.pop(str(value), None)


class ModelRows:
    """The stored rows of one model.

    Args:
        texts: the names of text columns.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        model: str,
        settings: Settings,
        texts: Collection[str] = (),
    ) -> None:
        self._connection, self._model, self._settings = connection, model, settings
        self._texts = texts
        self._decoders = Decoders()

    def matching(self, subjects: Sequence[Subject]) -> Iterator[ExchangeKey]:
        """Yield the exchanges with a row that has a subject's value in its column.

        This includes bodies that hold names and values separately, as tables do.
        """
        for seqs, batch in self._batches():
            for name, column in batch.columns().items():
                named = [subject for subject in subjects if subject.is_named(name)]
                for place, value in enumerate(plain(column) if named else ()):
                    if any(subject.forms.equals(value) for subject in named):
                        yield ExchangeKey(seqs[batch.ids[place]], batch.ids[place])

    def have(self, subject: Subject) -> bool:
        """Return True if any row has a column with the subject's name."""
        return any(
            map(subject.is_named, chain.from_iterable(b.columns() for _, b in self._batches()))
        )

    def own_values(
        self, erased: Collection[str], subjects: Sequence[Subject] = ()
    ) -> Mapping[str, OwnValues]:
        """Return, by column, the values that only rows of the exchanges `erased` have.

        In text columns this includes the words of the subjects' values.
        """
        own: defaultdict[str, OwnValues] = defaultdict(OwnValues)
        for name, subject in product(self._texts, subjects):
            if subject.is_about(name):
                own[name].words.update(dict.fromkeys(words_of(subject.value), _END))
        if not erased and not own:
            return own
        for places, batch in self._split(erased, inside=True):
            for name, column in batch.columns().items():
                own[name].add(_picked(column, places), is_text=name in self._texts)
        own[PREDICTION].add(label_values(self._connection, erased), is_text=False)
        for places, batch in self._split(erased, inside=False):
            for name, column in batch.columns(list(own)).items():
                if name in own:
                    own[name].drop(_picked(column, places), is_text=name in self._texts)
        return own

    def _split(self, erased: Collection[str], *, inside: bool) -> Iterator[tuple[list[int], Batch]]:
        """Yield batches with the places of rows inside, or outside, the exchanges `erased`."""
        for _, batch in self._batches():
            places = [at for at, id_ in enumerate(batch.ids) if (id_ in erased) == inside]
            if places:
                yield places, batch

    def _batches(self) -> Iterator[tuple[dict[str, int], Batch]]:
        """Yield all rows in batches, with the `seq` of each exchange by its id."""
        after = 0
        while chunk := exchanges_of_version(
            self._connection, self._model, None, None, after, _END, _CHUNK
        ):
            after = chunk[-1].seq
            batch = read(chunk, self._settings, self._decoders, self._connection)
            yield {exchange.id: exchange.seq for exchange in chunk}, batch


def _picked(column: Column, places: Sequence[int]) -> list[object]:
    values = plain(column)
    return [values[place] for place in places]
