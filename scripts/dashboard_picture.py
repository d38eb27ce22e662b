"""Take a picture of a model's page for the docs.

python scripts/dashboard_picture.py MODEL STORE docs/pictures/dashboard.png --height 1120

Needs modeltap[test] and Chromium. For the README, STORE is what `modeltap demo` has written; for
the tutorial, what its steps have written.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def dashboard(store: Path) -> Iterator[str]:
    """Show a store on a free port; yield the address that the command prints."""
    command = [sys.executable, "-um", "modeltap", "dashboard", "--store", store, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(
                address[0]
                for address in (re.search(r"http://[^/\s]+", line) for line in process.stdout)
                if address
            )
        finally:
            process.terminate()


def take(address: str, path: Path, width: int, height: int) -> None:
    """Write the upper part of a page as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(address)
        page.screenshot(path=path)
        browser.close()


def main() -> None:
    """Take the picture that the arguments describe."""
    parser = argparse.ArgumentParser(description="Take a picture of a model's page.")
    parser.add_argument("model")
    parser.add_argument("store", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1180, help="in pixels")
    parser.add_argument("--height", type=int, default=1120, help="in pixels")
    given = parser.parse_args()
    with dashboard(given.store) as address:
        take(f"{address}/models/{given.model}", given.picture, given.width, given.height)


if __name__ == "__main__":
    main()
