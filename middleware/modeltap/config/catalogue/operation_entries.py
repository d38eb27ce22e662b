"""Response times, failed requests, missing data, and the operation of modeltap itself."""

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

OPERATION = (
    CatalogueEntry(
        "capture_loss",
        "exchanges",
        "lower",
        "capture_loss",
        None,
        True,
        "exchanges that were not recorded",
    ),
    CatalogueEntry(
        "no_traffic", "boolean", "lower", "no_traffic", None, True, "no requests for too long"
    ),
    CatalogueEntry(
        "no_labels", "boolean", "lower", "no_labels", None, True, "no labels for too long"
    ),
    CatalogueEntry(
        "not_monitored",
        "fraction",
        "lower",
        "not_monitored",
        None,
        True,
        "exchanges, rows or settings that are not monitored at all",
    ),
    CatalogueEntry(
        "analysis_failed",
        "boolean",
        "lower",
        "analysis_failed",
        None,
        True,
        "the analysis failed repeatedly",
    ),
    CatalogueEntry(
        "delivery_failed",
        "boolean",
        "lower",
        "delivery_failed",
        None,
        True,
        "messages could not be delivered",
    ),
)
