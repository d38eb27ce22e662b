"""A reference, which defines normal: each feature's fixed bins, and the number of rows in each.

A later window is a set of counts in these bins, which add exactly.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from modeltap.analysis.model.baseline import Baseline, EvaluatorBaseline, GroupBaseline
from modeltap.analysis.model.binning import coarse_bins
from modeltap.analysis.model.feature import Feature
from modeltap.config.metrics import is_output

MIN_BLOCKS = 4
"""The maximum of fewer values of a reference's blocks is a poor bound for the next one."""


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True, omit_defaults=True):
    """Features with their counts, and baselines learnt from blocks of a window's length."""

    model: str
    version: str
    source: str
    rows: int
    features: tuple[Feature, ...]
    from_time: str | None = None
    to_time: str | None = None
    window: str = ""
    """The windows, as `Window.text`, that the baseline blocks correspond to."""
    blocks: int = 0
    """The number of blocks the baselines were learnt from."""
    state: Literal["provisional", "active"] = "active"
    """A provisional reference has bins only: windows are compared with the rows before them."""
    drift_window: str = ""
    """The windows, as `Window.text`, in which drift is evaluated; those of `window` if empty."""
    timezone: str = "UTC"
    """The time zone of the rhythm of hours and days."""
    day_types: tuple[int, ...] = (0, 0, 0, 0, 0, 0, 0)
    """The types of Monday to Sunday; days of one type are alike."""
    hours: tuple[int, ...] = ()
    """The hours of the week that its rows cover, from Monday 00:00 in its time zone."""
    learnt: bool = False
    """True if its rows were evaluated while it was learnt."""
    inherited: bool = False
    """True if it belongs to another version, and is used until this version's own is learnt."""
    left_out_rows: int = 0
    """Rows of its period that alerted while it was learnt, and were left out."""
    rolling: str = ""
    """The setting of a rolling reference: windows are compared with the counts of earlier ones."""
    gap_seconds: float | None = None
    """The longest time without a row."""
    repeats: dict[int, int] = {}
    """The number of distinct rows that occur once, twice, ...: the expected duplicates follow from
    it."""
    baseline_repeats: float = 0.0
    """The highest rate of duplicates in one of the blocks, above the expected one."""
    row_baselines: dict[str, float] = {}
    """By metric of multivariate drift, the largest value of a block against the others."""
    performance: Baseline | None = None
    """The performance; of a model with several outputs, that of the first."""
    output_performance: dict[str, Baseline] = {}
    """The performance by output, if there are several."""
    groups: GroupBaseline | None = None
    """The treatment of groups; None without groups, and until their rates are learnt."""
    evaluators: EvaluatorBaseline | None = None
    """The outputs that pass evaluators; None without evaluators, and until they are learnt."""
    unmonitored: tuple[str, ...] = ()
    """Columns beyond `max_features`, which did not become features."""
    known_as: tuple[str, str] | None = None
    """Its hash after values were erased, and its id before, under which its counts are stored."""

    @cached_property
    def id(self) -> str:
        """A hash of everything that determines a value's bin; only counts of one id are added."""
        if self.known_as is not None and self.known_as[0] == self.bins_hash:
            return self.known_as[1]
        return self.bins_hash

    @cached_property
    def bins_hash(self) -> str:
        """The hash itself, which changes when values are erased."""
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
        """The features that are columns: neither measures of a column nor the model's outputs."""
        return tuple(f for f in self.features if f.of is None and not is_output(f.name))

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """The features by their names."""
        return {feature.name: feature for feature in self.features}

    def to_json(self) -> str:
        """Return this reference as JSON: the same text in each process, with sets in order."""
        plain = msgspec.to_builtins(self, str_keys=True, order="deterministic")
        return msgspec.json.encode(plain).decode()

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """Read the result of `to_json`."""
        return msgspec.json.decode(text, type=cls)

    def counted(self, counts: np.ndarray) -> Reference:
        """Return this reference with other counts in its bins, in the order of `layout`."""
        features, start = [], 0
        for feature in self.features:
            own = tuple(counts[start : start + len(feature.counts)].tolist())
            start += len(own)
            feature = replace(feature, counts=own)
            # The coarse bins of categories were chosen with their words, and stay.
            fixed = feature.kind == "categorical" and len(feature.coarse) == feature.bins
            features.append(feature if fixed else replace(feature, coarse=coarse_bins(feature)))
        return replace(self, features=tuple(features))


def layout(reference: Reference) -> dict[str, slice]:
    """Return the slice of each feature's bins in an array of counts."""
    slices, start = {}, 0
    for feature in reference.features:
        slices[feature.name] = slice(start, start + len(feature.counts))
        start += len(feature.counts)
    return slices
