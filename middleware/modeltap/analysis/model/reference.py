"""A reference, which defines normal: each feature's bins, fixed once, and the rows in each.

From then on a window is only counts in these bins, which add exactly.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.binning import coarse_bins
from modeltap.analysis.model.feature import Feature
from modeltap.config.metrics import is_output


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True, omit_defaults=True):
    """Features with their counts; their baselines were learnt from blocks of a window's length."""

    model: str
    version: str
    source: str
    rows: int
    features: tuple[Feature, ...]
    from_time: str | None = None
    to_time: str | None = None
    window: str = ""
    """The windows, as `Window.text`, whose length its blocks had."""
    blocks: int = 0
    """How many blocks the baselines were learnt from."""
    state: Literal["provisional", "active"] = "active"
    """A provisional one has bins only: windows are compared with the rows before them."""
    drift_window: str = ""
    """The windows, as `Window.text`, in which drift is evaluated; those of `window` where empty."""
    timezone: str = "UTC"
    """Whose clock the rhythm of hours and days follows."""
    day_types: tuple[int, ...] = (0, 0, 0, 0, 0, 0, 0)
    """The types of Monday to Sunday: days of one type are alike."""
    hours: tuple[int, ...] = ()
    """The hours of the week that its rows cover, from Monday 00:00 by its time zone."""
    learnt: bool = False
    """Whether its rows were evaluated while it was learnt."""
    inherited: bool = False
    """Whether it is another version's, and counts until its own is learnt."""
    left_out_rows: int = 0
    """Rows of its period that alerted while it was learnt, and are not in it."""
    rolling: str = ""
    """The setting of a rolling reference: windows are compared with the counts of earlier ones."""
    gap_seconds: float | None = None
    """The longest time without a row."""
    repeats: dict[int, int] = {}
    """How many different rows came once, twice, ...: from it the expected duplicates follow."""
    baseline_repeats: float = 0.0
    """The highest rate of duplicates in one of the blocks, beyond the expected one."""
    row_baselines: dict[str, float] = {}
    """By metric of multivariate drift the largest value that a block has against the others."""
    performance: Baseline | None = None
    """Of a model with several outputs that of the first one."""
    output_performance: dict[str, Baseline] = {}
    """By output, where there are several."""
    unmonitored: tuple[str, ...] = ()
    """Columns of its rows beyond `max_features`, which are no features."""
    known_as: tuple[str, str] | None = None
    """The hash that it has since values were erased from it, and the id that it had before: what
    was counted in its bins stays its own."""

    @cached_property
    def id(self) -> str:
        """A hash of all that determines a value's bin; only counts of one id are added."""
        if self.known_as is not None and self.known_as[0] == self.bins_hash:
            return self.known_as[1]
        return self.bins_hash

    @cached_property
    def bins_hash(self) -> str:
        """The hash itself, which an erased value changes."""
        period = [self.model, self.version, self.rows, self.from_time, self.to_time, self.rolling]
        bins = [
            (
                f.name,
                f.kind,
                f.of,
                f.measure,
                [edge.hex() for edge in f.edges],
                f.vocabulary,
                sorted(f.rare),
                [part.hex() for part in f.centroid],
                list(map(repr, f.missing_values)),
            )
            for f in self.features
        ]
        return hashlib.sha256(msgspec.json.encode([period, bins])).hexdigest()[:16]

    @cached_property
    def columns(self) -> tuple[Feature, ...]:
        """The features that are columns: neither measures of one nor the model's outputs."""
        return tuple(f for f in self.features if f.of is None and not is_output(f.name))

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """The features by their names."""
        return {feature.name: feature for feature in self.features}

    def to_json(self) -> str:
        """Write this reference as the store keeps it: the same in each process, sets in order."""
        plain = msgspec.to_builtins(self, str_keys=True, order="deterministic")
        return msgspec.json.encode(plain).decode()

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """Read a reference that `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def counted(self, counts: np.ndarray) -> Reference:
        """Return this reference with other counts in its bins, as `layout` has them."""
        features, start = [], 0
        for feature in self.features:
            own = tuple(counts[start : start + len(feature.counts)].tolist())
            start += len(own)
            feature = replace(feature, counts=own)
            # The cells of categories were chosen with their words, and stay.
            fixed = feature.kind == "categorical" and len(feature.coarse) == feature.bins
            features.append(feature if fixed else replace(feature, coarse=coarse_bins(feature)))
        return replace(self, features=tuple(features))


def layout(reference: Reference) -> dict[str, slice]:
    """Return where each feature's bins lie in an array of counts."""
    slices, start = {}, 0
    for feature in reference.features:
        slices[feature.name] = slice(start, start + len(feature.counts))
        start += len(feature.counts)
    return slices
