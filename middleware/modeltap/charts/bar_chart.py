"""Bar chart: the distribution of a feature, reference above window, bin by bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modeltap.charts.svg import element, label, picture, short_label, text_of
from modeltap.wording import percent

_WIDTH, _LEFT, _RIGHT = 600.0, 176.0, 60.0
_PAIR, _BAR = 30.0, 11.0
_NAME_CHARACTERS = 24


@dataclass(frozen=True)
class BarPair:
    """A bin: the fraction of rows in it, in the reference and in the window."""

    name: str
    reference: float
    window: float


def bar_chart(title: str, description: str, pairs: Sequence[BarPair]) -> str:
    """Draw two bars for each bin.

    >>> text = bar_chart("carrier", "", [BarPair("UA", 0.25, 0.5)])
    >>> "50 %" in text and "25 %" in text
    True
    """
    top = max((max(pair.reference, pair.window) for pair in pairs), default=0.0) or 1.0
    widest = _WIDTH - _LEFT - _RIGHT
    rows = (_pair(pair, place * _PAIR, widest / top) for place, pair in enumerate(pairs))
    return picture(
        title, description, _WIDTH, max(1, len(pairs)) * _PAIR, *rows, name="chart bar-chart"
    )


def _pair(pair: BarPair, top: float, scale: float) -> str:
    title = f"{pair.name}: reference {percent(pair.reference)}, window {percent(pair.window)}"
    return element(
        "g",
        element("title", text_of(title)),
        short_label(pair.name, _NAME_CHARACTERS, _LEFT - 8, top + 17, text_anchor="end"),
        *_bar(pair.reference, top + 3, scale, "reference"),
        *_bar(pair.window, top + 3 + _BAR, scale, "window"),
    )


def _bar(fraction: float, top: float, scale: float, kind: str) -> tuple[str, str]:
    width = fraction * scale
    return (
        element("rect", x=_LEFT, y=top, width=width, height=_BAR - 1, class_=f"bar {kind}"),
        label(percent(fraction), _LEFT + width + 5, top + 9, class_="small"),
    )
