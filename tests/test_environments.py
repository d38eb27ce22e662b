"""Analysed versions: combined and split again, in Python and in SQL."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.environments import environment_of, version_of, with_environment
from modeltap.store.connection import connect


@pytest.mark.parametrize("environment", [None, "", "staging", "eu-west 1", "prod/2"])
@pytest.mark.parametrize("version", ["", "2", "team@2", "@", "a@b@", "@@"])
def test_a_combined_version_is_split_again(tmp_path, version, environment):
    analyzed = with_environment(version, environment)
    assert (version_of(analyzed), environment_of(analyzed)) == (version, environment or None)
    with closing(connect(tmp_path / "store.db")) as connection:
        connection.execute(
            "insert into traffic (model, version, window_start, window_end, requests, errors, "
            "client_errors, aborted, not_decoded, latency, window) "
            "values ('m', ?, '', '', 0, 0, 0, 0, 0, '', '1h')",
            (analyzed,),
        )
        stored = connection.execute("select environment from traffic").fetchone()[0]
    assert stored == (environment or None)


def test_combined_versions_are_unique():
    pairs = [(v, e) for v in ("", "2", "2@", "@2", "2@a") for e in ("", "a", "2")]
    assert len({with_environment(*pair) for pair in pairs}) == len(pairs)
