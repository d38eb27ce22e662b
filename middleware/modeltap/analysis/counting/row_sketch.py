"""An additive sample of row hashes, which estimates the rate of duplicate rows."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import scipy

_KEPT = 512
"""Distinct rows that are kept of a window: three kilobytes.

The rate is accurate to two or three percentage points if rows repeat unevenly, and much more
accurate if they do not.
"""

_PARTS = 512
"""Partitions in which rows are counted by their hashes, so that a frequent row shows in one."""

_FREQUENT_SPREADS = 4.0
"""A part this many deviations above the median part has a frequent row.

If it has none, leaving it out costs nothing: it is as good as drawn at random.
"""

_FEW = 10
"""Rows above the median part that are required as well.

Of parts with three rows, one in 500 has ten by chance, and leaving it out would bias the rest.
"""

_SPREADS_OF_MAD = 1.4826
"""The standard deviation of a normal distribution, in its median absolute deviations."""

_HASHES = 2.0**64

_NO_KEYS = np.zeros(0, dtype=np.uint64)


class Repeats(msgspec.Struct, frozen=True):
    """The rows with the smallest hashes, the count of each, and the number of rows in each part.

    A hash is as good as a random number, so the distinct rows with the smallest hashes are a random
    sample of all distinct rows, in any order. The smallest of two such samples together are the
    sample of all rows (a bottom-k sketch; Cohen & Kaplan, 2007).
    """

    keys: np.ndarray
    """(k,) uint64, ascending."""
    counts: np.ndarray
    """(k,) int64."""
    parts: np.ndarray
    """(_PARTS,) int64: the number of rows by the lowest bits of their hashes."""

    @classmethod
    def of(cls, keys: np.ndarray, *, everything: bool = False) -> Repeats:
        """Return the sample of rows with these (n,) hashes, or all of them."""
        parts = _parted(keys, None)
        if not everything and len(keys) > 8 * _KEPT:
            # Most rows are not in the sample, and need no sorting.
            few = np.partition(keys, 4 * _KEPT)[4 * _KEPT]
            if len(np.unique(keys[keys < few])) >= _KEPT:
                keys = keys[keys < few]
        distinct, counts = np.unique(keys, return_counts=True)
        kept = slice(None if everything else _KEPT)
        return cls(distinct[kept], counts[kept], parts)

    def __add__(self, other: Repeats) -> Repeats:
        keys = np.concatenate([self.keys, other.keys])
        distinct, places = np.unique(keys, return_inverse=True)
        counts = np.bincount(places, weights=np.concatenate([self.counts, other.counts]))
        # Above a full sample's largest key, some of its rows were dropped.
        full = [part.keys[-1] for part in (self, other) if len(part.keys) >= _KEPT]
        kept = distinct <= min(full) if full else np.ones(len(distinct), dtype=bool)
        counts = counts[kept][:_KEPT].astype(np.int64)
        return Repeats(distinct[kept][:_KEPT], counts, self.parts + other.parts)

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return int(self.parts.sum())

    @property
    def rate(self) -> float:
        """The fraction of rows that repeat another: 1 - distinct rows / rows."""
        return min(1.0, max(0.0, 1 - self._different()[0] / self.rows)) if self.rows else 0.0

    @property
    def error(self) -> float:
        """The standard error of the rate, 0 if all rows were kept."""
        return self._different()[1] / self.rows if self.rows else 0.0

    def _different(self) -> tuple[float, float]:
        """Return an estimate of the number of distinct rows, and its standard error.

        The k-th smallest hash estimates the number of keys, (k - 1) / hash (Bar-Yossef et al.,
        2002), and with their counts the number of rows, which is known: the error of the second
        corrects the first (regression estimator; Cochran, 1977), so that the estimate is exact if
        rows do not repeat. Parts with a frequent row, which may or may not be in the sample, are
        left out and extrapolated from the others, because keys are distributed evenly.
        """
        k, rows = len(self.keys), self.rows
        if int(self.counts.sum()) >= rows:
            return float(k), 0.0
        light = ~_frequent(self.parts)
        counts = self.counts[light[_part_of(self.keys)]].astype(np.float64)
        sampled, total, squares = len(counts), float(counts.sum()), float(np.sum(counts**2))
        if not sampled:
            return float(k), 0.0
        first = sampled / k * (k - 1) / (float(self.keys[-1]) / _HASHES)
        missed = float(self.parts[light].sum()) - first * total / sampled
        # At least the sampled keys exist.
        different = max(float(k), (first + total / squares * missed) / float(light.mean()))
        unexplained = max(0.0, 1 - total**2 / (sampled * squares))
        return different, different * math.sqrt(unexplained / sampled)

    def pack(self) -> bytes:
        """Return the number of parts, then parts, counts and keys, as `unpack` reads them."""
        head = np.array([len(self.parts)], dtype="<i8")
        numbers = [self.parts, self.counts]
        return zlib.compress(
            head.tobytes()
            + b"".join(array.astype("<i8").tobytes() for array in numbers)
            + self.keys.astype("<u8").tobytes()
        )

    @classmethod
    def unpack(cls, data: bytes) -> Repeats:
        """Read the result of `pack`; earlier versions wrote keys and counts only."""
        plain = zlib.decompress(data)
        if len(plain) % 16 == 0:
            keys, counts = _halved(plain)
            return cls(keys, counts, _parted(keys, counts))
        numbers = np.frombuffer(plain, dtype="<i8").astype(np.int64)
        size = int(numbers[0])
        rest = numbers[1 + size :]
        k = len(rest) // 2
        return cls(rest[k:].view(np.uint64), rest[:k], numbers[1 : 1 + size])


def _halved(plain: bytes) -> tuple[np.ndarray, np.ndarray]:
    half = len(plain) // 2
    keys = np.frombuffer(plain[:half], dtype="<u8").astype(np.uint64)
    return keys, np.frombuffer(plain[half:], dtype="<i8").astype(np.int64)


def _part_of(keys: np.ndarray) -> np.ndarray:
    return (keys & np.uint64(_PARTS - 1)).astype(np.int64)


def _parted(keys: np.ndarray, counts: np.ndarray | None) -> np.ndarray:
    sums = np.bincount(_part_of(keys), weights=counts, minlength=_PARTS)
    return np.asarray(sums.astype(np.int64))


def _frequent(parts: np.ndarray) -> np.ndarray:
    """Return for each part whether its number of rows implies a frequent row."""
    middle = float(np.median(parts))
    spread = _SPREADS_OF_MAD * float(np.median(np.abs(parts - middle)))
    margin = _FREQUENT_SPREADS * max(spread, math.sqrt(middle)) + _FEW
    return np.asarray(parts > middle + margin)


NO_REPEATS = Repeats.of(_NO_KEYS)


def expected_rate(multiplicities: Mapping[int, int], rows: int) -> float:
    """Return the expected rate of repeats in `rows` rows drawn from a reference.

    Rarefaction (Hurlbert, 1971): of n rows, in which f_c distinct rows occur c times, m drawn at
    random contain ``sum(f_c * (1 - C(n - c, m) / C(n, m)))`` distinct ones. If there are more rows
    than the reference has, some are new: at least ``f0 = f_1 (f_1 - 1) / 2 (f_2 + 1)`` distinct
    rows were never seen (Chao, 1987), and m - n more rows contain
    ``f0 (1 - (1 - f_1 / (n f0 + f_1)) ^ (m - n))`` of them (Chao et al., 2014).

    >>> round(expected_rate({1: 100}, 50), 2), round(expected_rate({2: 50}, 50), 2)
    (0.0, 0.25)
    >>> round(expected_rate({2: 50}, 1000), 2), round(expected_rate({1: 100}, 200), 2)
    (0.95, 0.01)
    """
    n = sum(times * different for times, different in multiplicities.items())
    if n < 2 or rows < 2:
        return 0.0
    m = min(rows, n)
    expected = sum(
        different * (1 - _chance_of_none(n, m, times))
        for times, different in multiplicities.items()
    )
    return min(1.0, max(0.0, 1 - (expected + _new_ones(multiplicities, n, rows - m)) / rows))


def _new_ones(multiplicities: Mapping[int, int], n: int, more: int) -> float:
    """Return how many new distinct rows `more` rows add to the n of a reference."""
    once, twice = multiplicities.get(1, 0), multiplicities.get(2, 0)
    unseen = once * (once - 1) / (2 * (twice + 1))
    if not more or not unseen:
        return 0.0
    return unseen * (1 - (1 - once / (n * unseen + once)) ** more)


def _chance_of_none(n: int, m: int, times: int) -> float:
    if times > n - m:
        return 0.0
    logs = (
        scipy.special.gammaln(n - times + 1)
        - scipy.special.gammaln(n - times - m + 1)
        - scipy.special.gammaln(n + 1)
        + scipy.special.gammaln(n - m + 1)
    )
    return math.exp(logs)


def hashed_numbers(name: str, column: np.ndarray) -> np.ndarray:
    """Return (n,) uint64 of a column's float64; those of a row's columns are added, then `mixed`.

    Python's own hashes differ between processes. Each hash is mixed before it is added: the lower
    half of the bits of a small whole number is 0, and sums of such bits would often be equal.
    """
    bits = (column + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    if np.isnan(column).any():
        bits = np.where(np.isnan(column), np.uint64(1), bits)  # all NaN are equal
    return mixed(bits + _salt(name))


def hashed_categories(name: str, categories: Sequence[str | int | None]) -> np.ndarray:
    """Return (n,) uint64 hashes of categories."""
    return mixed(
        np.array([_code(category) for category in categories], dtype=np.uint64) + _salt(name)
    )


def _salt(name: str) -> np.uint64:
    """Return a column's own number, so that equal values in different columns have other hashes."""
    code = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
    return np.uint64(int.from_bytes(code, "little"))


def _code(value: str | int | None) -> int:
    if not isinstance(value, str):
        return 0 if value is None else 1
    code = value.encode("utf-8", "replace")
    return zlib.crc32(code) << 32 | zlib.adler32(code)


def mixed(sums: np.ndarray) -> np.ndarray:
    """Spread each bit over all others (the finalizer of splitmix64; Steele et al., 2014)."""
    bits = (sums ^ (sums >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))
