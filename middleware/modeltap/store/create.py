"""``python -m modeltap.store.create FILE``: create or migrate a store, and nothing else."""

from __future__ import annotations

import sys

from modeltap.store.connection import connect

if __name__ == "__main__":
    connect(sys.argv[1]).close()
