"""Measurements for other monitoring tools: one name, one unit, and values with labels.

A name is one of OpenTelemetry with the unit beside it. Prometheus has the unit in the name, by the
rules of its own OTLP receiver, so that one dashboard works for both ways:
https://prometheus.io/docs/guides/opentelemetry/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from modeltap.printable import escaped

MOST_CHARACTERS = 200
"""Longer values of labels are cut: a client that makes up names must not fill other systems."""

_HASH_CHARACTERS = 8

Labels = Mapping[str, str]
"""The labels of a value. Names and versions of a client are in their values only."""

_WORDS = {"s": "seconds", "By": "bytes", "{request}/s": "per_second"}
"""Units as Prometheus writes them; units in braces alone are not written."""


class Measurement(NamedTuple):
    """A value with its labels.

    Attributes:
        at: the end of the window it belongs to, in Unix seconds; None for now.
        traces: trace ids of examples.
    """

    labels: Labels
    value: float
    at: float | None = None
    traces: tuple[str, ...] = ()


class MetricFamily(NamedTuple):
    """Measurements of one kind.

    Attributes:
        name: without prefix and unit, such as ``latency_p95``.
        unit: in UCUM, as OpenTelemetry has it: ``s``, ``1`` for a fraction, ``{request}``; "" for
            numbers on a scale of their own.
        help: one sentence.
    """

    name: str
    unit: str
    kind: Literal["counter", "gauge"]
    help: str
    measurements: list[Measurement]

    @property
    def prometheus_name(self) -> str:
        """The name with the unit.

        >>> MetricFamily("latency_p95", "s", "gauge", "", []).prometheus_name
        'modeltap_latency_p95_seconds'
        >>> MetricFamily("requests", "{request}", "counter", "", []).prometheus_name
        'modeltap_requests_total'
        >>> MetricFamily("demographic_parity_ratio", "1", "gauge", "", []).prometheus_name
        'modeltap_demographic_parity_ratio'
        """
        if self.kind == "counter":
            return f"modeltap_{self.name}_total"
        word = "ratio" if self.unit == "1" else _WORDS.get(self.unit, "")
        ends = not word or self.name.endswith(f"_{word}")
        return f"modeltap_{self.name}" if ends else f"modeltap_{self.name}_{word}"


def safe_label(text: str) -> str:
    r"""Return a client's text as the value of a label: one line, valid UTF-8, bounded.

    A cut text ends with a hash of the whole, so that two names stay two.

    >>> safe_label("a\nb"), len(safe_label("x" * 5000))
    ('a\\nb', 200)
    """
    shown = escaped(text)
    if len(shown) <= MOST_CHARACTERS:
        return shown
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
    return f"{shown[: MOST_CHARACTERS - _HASH_CHARACTERS - 1]}#{digest}"


def distinct(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return the measurements with one value for each set of labels, the last.

    Escaping may make two names one, and a scrape with a series twice is refused as a whole.
    """
    return list(
        {
            tuple(sorted(measurement.labels.items())): measurement for measurement in measurements
        }.values()
    )
