"""The public names: imported when they are used, and all of them exist."""

from __future__ import annotations

import subprocess
import sys

import pytest

import modeltap
from modeltap import api


def test_every_public_name_exists():
    """Where `modeltap` lists it, and as an attribute."""
    assert set(api.__all__) < set(modeltap.__all__) <= set(dir(modeltap))
    assert all(getattr(modeltap, name) is getattr(api, name) for name in api.__all__)
    assert all(getattr(modeltap, name) for name in modeltap.__all__)
    with pytest.raises(AttributeError, match="module 'modeltap' has no attribute 'wach'"):
        modeltap.wach  # noqa: B018


@pytest.mark.parametrize("use", ["modeltap.watch", "from modeltap import capture"])
def test_the_tap_is_loaded_with_the_first_name_that_is_used(use):
    """Commands that watch nothing are started without it."""
    code = (
        "import modeltap, sys; before = 'modeltap.tap' in sys.modules; "
        f"{use}; print(before, 'modeltap.tap' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
