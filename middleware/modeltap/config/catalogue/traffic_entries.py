"""Response times and failed requests."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

TRAFFIC = (
    CatalogueEntry(
        "error_rate", "fraction", "lower", "error_rate", "latency", True, "requests that failed"
    ),
    CatalogueEntry(
        "latency_p50_ms", "ms", "lower", "latency", "latency", False, "median response time"
    ),
    CatalogueEntry(
        "latency_p95_ms",
        "ms",
        "lower",
        "latency",
        "latency",
        True,
        "response time of 95 % of requests",
    ),
    CatalogueEntry(
        "latency_p99_ms",
        "ms",
        "lower",
        "latency",
        "latency",
        False,
        "response time of 99 % of requests",
    ),
    CatalogueEntry(
        "throughput_rps", "requests/s", "higher", None, "latency", False, "requests per second"
    ),
    CatalogueEntry(
        "not_decoded_rate",
        "fraction",
        "lower",
        None,
        "latency",
        False,
        "requests without decodable rows",
    ),
)
