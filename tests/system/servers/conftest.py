"""What the tests of model servers share: environments that leave no process behind."""

from __future__ import annotations

import pytest

from model_servers import Environment, python_of


@pytest.fixture
def environment(tmp_path):
    """Make the environment of a server, by its name and its package's; skip where it is not."""
    made = []

    def make(server, package=None):
        made.append(Environment(python_of(server, package or server), tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.end()
