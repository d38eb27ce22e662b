"""Duplicates: the rate of rows equal to another, from a sample of their hashes that adds."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from scipy.special import gammaln

_KEPT = 512
"""Different rows that are kept of a window: three kilobytes, and the rate is known to two or three
points of a hundred where rows repeat unevenly, far better where they do not."""

_PARTS = 512
"""Parts that rows are counted in by their hashes, so that a frequent row shows in its part."""

_FREQUENT_SPREADS = 4.0
"""So many deviations above the middle part a part has a frequent row. One without it costs
nothing: what is left out is as good as drawn by chance."""

_FEW = 10
"""And so many rows above it: of parts of three rows one of 500 has ten by chance, and leaving it
out would make the rest look emptier."""

_SPREADS_OF_MAD = 1.4826
"""The standard deviation of a normal distribution in its median absolute deviations."""

_HASHES = 2.0**64

_NO_KEYS = np.zeros(0, dtype=np.uint64)


class Repeats(msgspec.Struct, frozen=True):
    """The rows with the smallest hashes, how often each came, and how many rows each part has.

    As a hash is as good as a random number, the different rows with the smallest ones are a
    random sample of all different rows, whatever their order; of two such samples the smallest
    ones together are that of all (a bottom-k sketch; Cohen & Kaplan, 2007).
    """

    keys: np.ndarray
    """(k,) uint64, ascending."""
    counts: np.ndarray
    """(k,) int64."""
    parts: np.ndarray
    """(_PARTS,) int64: all rows, by the lowest bits of their hashes."""

    @classmethod
    def of(cls, keys: np.ndarray, *, everything: bool = False) -> Repeats:
        """Return the sample of rows with these (n,) hashes, or all of them."""
        parts = _parted(keys, None)
        if not everything and len(keys) > 8 * _KEPT:
            # Most rows are not in the sample, and need not be sorted.
            few = np.partition(keys, 4 * _KEPT)[4 * _KEPT]
            if len(np.unique(keys[keys < few])) >= _KEPT:
                keys = keys[keys < few]
        found, counts = np.unique(keys, return_counts=True)
        kept = slice(None if everything else _KEPT)
        return cls(found[kept], counts[kept], parts)

    def __add__(self, other: Repeats) -> Repeats:
        keys = np.concatenate([self.keys, other.keys])
        found, places = np.unique(keys, return_inverse=True)
        counts = np.bincount(places, weights=np.concatenate([self.counts, other.counts]))
        # Beyond a full sample's largest key the other one's rows were not all kept.
        full = [part.keys[-1] for part in (self, other) if len(part.keys) >= _KEPT]
        kept = found <= min(full) if full else np.ones(len(found), dtype=bool)
        counts = counts[kept][:_KEPT].astype(np.int64)
        return Repeats(found[kept][:_KEPT], counts, self.parts + other.parts)

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.parts.sum())

    @property
    def rate(self) -> float:
        """The fraction of rows that repeat another: 1 - different rows / rows."""
        return min(1.0, max(0.0, 1 - self._different()[0] / self.rows)) if self.rows else 0.0

    @property
    def error(self) -> float:
        """The standard error of the rate, 0 where all rows were kept."""
        return self._different()[1] / self.rows if self.rows else 0.0

    def _different(self) -> tuple[float, float]:
        """Estimate how many different rows there are, and the standard error of that.

        The k-th smallest hash says how many keys there are, (k - 1) / hash (Bar-Yossef et al.,
        2002), and with their counts how many rows, which are known: what the second misses corrects
        the first (regression estimator; Cochran, 1977), so that where rows do not repeat nothing
        is left to chance. Parts with a frequent row, which would be in the sample or not, are
        left out, and count as the others: keys lie evenly in all.
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
        # So many keys are there in any case.
        different = max(float(k), (first + total / squares * missed) / float(light.mean()))
        unexplained = max(0.0, 1 - total**2 / (sampled * squares))
        return different, different * math.sqrt(unexplained / sampled)

    def pack(self) -> bytes:
        """Write what `unpack` reads: the keys, their counts, and the parts behind their number."""
        head = np.array([len(self.parts)], dtype="<i8")
        numbers = [self.parts, self.counts]
        return zlib.compress(
            head.tobytes()
            + b"".join(one.astype("<i8").tobytes() for one in numbers)
            + self.keys.astype("<u8").tobytes()
        )

    @classmethod
    def unpack(cls, data: bytes) -> Repeats:
        """Read what `pack` wrote; earlier versions wrote keys and counts alone."""
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
    found = np.bincount(_part_of(keys), weights=counts, minlength=_PARTS)
    return np.asarray(found.astype(np.int64))


def _frequent(parts: np.ndarray) -> np.ndarray:
    """Say of each part whether it has so many rows that one of them must be frequent."""
    middle = float(np.median(parts))
    spread = _SPREADS_OF_MAD * float(np.median(np.abs(parts - middle)))
    usual = _FREQUENT_SPREADS * max(spread, math.sqrt(middle)) + _FEW
    return np.asarray(parts > middle + usual)


NO_REPEATS = Repeats.of(_NO_KEYS)


def expected_rate(multiplicities: Mapping[int, int], rows: int) -> float:
    """Return the rate of repeats to expect of `rows` rows drawn from a reference.

    Rarefaction (Hurlbert, 1971): of n rows, in which f_c different ones came c times, m drawn at
    random hold ``sum(f_c * (1 - C(n - c, m) / C(n, m)))`` different ones. Of more rows than the
    reference has some are new: those never seen are at least ``f0 = f_1 (f_1 - 1) / 2 (f_2 + 1)``
    (Chao, 1987), and m - n rows more find ``f0 (1 - (1 - f_1 / (n f0 + f_1)) ^ (m - n))`` of them
    (Chao et al., 2014).

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
    """Return how many different rows `more` rows than the n of a reference add to its own."""
    once, twice = multiplicities.get(1, 0), multiplicities.get(2, 0)
    unseen = once * (once - 1) / (2 * (twice + 1))
    if not more or not unseen:
        return 0.0
    return unseen * (1 - (1 - once / (n * unseen + once)) ** more)


def _chance_of_none(n: int, m: int, times: int) -> float:
    if times > n - m:
        return 0.0
    logs = gammaln(n - times + 1) - gammaln(n - times - m + 1) - gammaln(n + 1) + gammaln(n - m + 1)
    return math.exp(logs)


def hashed_numbers(name: str, column: np.ndarray) -> np.ndarray:
    """Return (n,) uint64 of a column's float64; those of a row's columns are added, then `mixed`.

    Not Python's own hashes, which differ from process to process. Each is mixed by itself: the
    lower half of a small whole number's bits is 0, and sums of such would soon be equal.
    """
    bits = (column + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    if np.isnan(column).any():
        bits = np.where(np.isnan(column), np.uint64(1), bits)  # all NaN are one
    return mixed(bits + _salt(name))


def hashed_words(name: str, words: Sequence[str | int | None]) -> np.ndarray:
    """Return (n,) uint64 of words."""
    return mixed(np.array([_code(word) for word in words], dtype=np.uint64) + _salt(name))


def _salt(name: str) -> np.uint64:
    """Return a column's own number: without it a row of zeros would be 0, and columns alike."""
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
