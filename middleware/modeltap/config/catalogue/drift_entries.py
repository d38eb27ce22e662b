"""Drift of features and outputs."""

from __future__ import annotations

from modeltap.config.catalogue.catalogue_entry import CatalogueEntry

DRIFT = (
    CatalogueEntry(
        "drift",
        "distance",
        "lower",
        "data_drift",
        "drift",
        True,
        "drift of one feature or output",
        # Outliers are evaluated only if the bulk has not moved; then they explain all the drift.
        explained_by=("outlier_rate", "constant_feed"),
    ),
    CatalogueEntry(
        "multivariate_drift",
        "AUC",
        "lower",
        "data_drift",
        "drift",
        True,
        "drift of all features together",
    ),
    CatalogueEntry(
        "pca_reconstruction_error",
        "deviations",
        "lower",
        None,
        "drift",
        False,
        "of all features together",
    ),
    CatalogueEntry(
        "cosine_distance", "distance", "lower", None, "drift", False, "from the mean vector"
    ),
    CatalogueEntry("psi", "nats", "lower", None, None, False, "population stability index"),
    CatalogueEntry("js", "distance", "lower", None, None, False, "Jensen-Shannon distance"),
    CatalogueEntry("ks", "distance", "lower", None, None, False, "Kolmogorov-Smirnov distance"),
    CatalogueEntry(
        "wasserstein", "the feature's", "lower", None, None, False, "Wasserstein-1 distance"
    ),
    CatalogueEntry("chi2", "statistic", "lower", None, None, False, "chi-square of categories"),
)
