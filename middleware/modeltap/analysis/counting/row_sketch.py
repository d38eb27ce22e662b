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
"""Different rows that are kept of a window: the rate is known to two points of a hundred."""

_NOTHING = np.zeros(0, dtype=np.uint64)


class Repeats(msgspec.Struct, frozen=True):
    """The rows with the smallest hashes, and how often each came.

    As a hash is as good as a random number, the different rows with the smallest ones are a
    random sample of all different rows, whatever their order; of two such samples the smallest
    ones together are that of all (a bottom-k sketch; Cohen & Kaplan, 2007).
    """

    keys: np.ndarray
    """(k,) uint64, ascending."""
    counts: np.ndarray
    """(k,) int64."""

    @classmethod
    def of(cls, keys: np.ndarray, *, everything: bool = False) -> Repeats:
        """Return the sample of rows with these (n,) hashes, or all of them."""
        if not everything and len(keys) > 8 * _KEPT:
            # Most rows are not in the sample, and need not be sorted.
            few = np.partition(keys, 4 * _KEPT)[4 * _KEPT]
            if len(np.unique(keys[keys < few])) >= _KEPT:
                keys = keys[keys < few]
        found, counts = np.unique(keys, return_counts=True)
        return cls(found, counts) if everything else cls(found[:_KEPT], counts[:_KEPT])

    def __add__(self, other: Repeats) -> Repeats:
        keys = np.concatenate([self.keys, other.keys])
        found, places = np.unique(keys, return_inverse=True)
        counts = np.bincount(places, weights=np.concatenate([self.counts, other.counts]))
        # Beyond a full sample's largest key the other one's rows were not all kept.
        full = [part.keys[-1] for part in (self, other) if len(part.keys) >= _KEPT]
        kept = found <= min(full) if full else np.ones(len(found), dtype=bool)
        return Repeats(found[kept][:_KEPT], counts[kept][:_KEPT].astype(np.int64))

    @property
    def rate(self) -> float:
        """The fraction of rows that repeat another: 1 - different rows / rows."""
        total = int(self.counts.sum())
        return 1 - len(self.counts) / total if total else 0.0

    @property
    def sampled(self) -> int:
        """The rows that the rate is known from."""
        return int(self.counts.sum())

    def pack(self) -> bytes:
        """Write what `unpack` reads: the keys, then the counts."""
        return zlib.compress(
            self.keys.astype("<u8").tobytes() + self.counts.astype("<i8").tobytes()
        )

    @classmethod
    def unpack(cls, data: bytes) -> Repeats:
        """Read what `pack` wrote."""
        plain = zlib.decompress(data)
        half = len(plain) // 2
        keys = np.frombuffer(plain[:half], dtype="<u8").astype(np.uint64)
        return cls(keys, np.frombuffer(plain[half:], dtype="<i8").astype(np.int64))


NO_REPEATS = Repeats(_NOTHING, _NOTHING.astype(np.int64))


def expected_rate(multiplicities: Mapping[int, int], rows: int) -> float:
    """Return the rate of repeats to expect of `rows` rows drawn from a reference.

    Rarefaction (Hurlbert, 1971): of n rows, in which f_c different ones came c times, m drawn at
    random hold ``sum(f_c * (1 - C(n - c, m) / C(n, m)))`` different ones. More rows than the
    reference has are given the rate that grows on as it does there.

    >>> round(expected_rate({1: 100}, 50), 2), round(expected_rate({2: 50}, 50), 2)
    (0.0, 0.25)
    """
    n = sum(times * different for times, different in multiplicities.items())
    if n < 2 or rows < 2:
        return 0.0
    m = min(rows, n)
    expected = sum(
        different * (1 - _chance_of_none(n, m, times))
        for times, different in multiplicities.items()
    )
    rate = max(0.0, 1 - expected / m)
    return min(1.0, rate * rows / m)


def _chance_of_none(n: int, m: int, times: int) -> float:
    if times > n - m:
        return 0.0
    logs = gammaln(n - times + 1) - gammaln(n - times - m + 1) - gammaln(n + 1) + gammaln(n - m + 1)
    return math.exp(logs)


def hashed_numbers(name: str, column: np.ndarray) -> np.ndarray:
    """Return (n,) uint64 of a column's float64; those of a row's columns are added, then `mixed`.

    Not Python's own hashes, which differ from process to process.
    """
    bits = (column + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    if np.isnan(column).any():
        bits = np.where(np.isnan(column), np.uint64(1), bits)  # all NaN are one
    return np.asarray(bits * _odd(name))


def hashed_words(name: str, words: Sequence[str | int | None]) -> np.ndarray:
    """Return (n,) uint64 of words."""
    return np.array([_code(word) for word in words], dtype=np.uint64) * _odd(name)


def _odd(name: str) -> np.uint64:
    """Return a column's own factor: odd, so that no two values of it give the same."""
    code = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
    return np.uint64(int.from_bytes(code, "little") | 1)


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
