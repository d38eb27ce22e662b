"""Saving of a reference whose groups' rates have been learnt, once it is frozen or has labels."""

from __future__ import annotations

import sqlite3

from modeltap.analysis.fairness.gap_learning import with_gaps
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import save
from modeltap.config.settings import Settings
from modeltap.store.connection import writing


def with_saved_gaps(
    connection: sqlite3.Connection, reference: Reference, settings: Settings
) -> Reference:
    """Return the reference with the rates of its groups, saved in a transaction if they are new.

    Args:
        settings: the model's own.
    """
    learnt = with_gaps(connection, reference, settings)
    if learnt is not reference:
        with writing(connection):
            save(connection, learnt)
    return learnt
