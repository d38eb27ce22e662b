"""``python -m modeltap`` and the command `modeltap`."""

from __future__ import annotations

from modeltap.cli.main import main

if __name__ == "__main__":
    main()
