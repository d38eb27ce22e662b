"""Options for type checkers: the same names and types as in `Settings`."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from modeltap.config.group_settings import GroupSettings
from modeltap.config.improving.shadow_settings import ShadowSettings
from modeltap.config.options import MaskBody, Options, VersionFunction
from modeltap.config.sending.otel_settings import OtelSettings
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings


def accepted(kind: Any) -> Any:
    """Return the type of the values that `sources.load` converts to `kind`."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        return Sequence[accepted(args[0])]
    if origin is dict:
        return Mapping[str, accepted(args[1])]
    if origin in (Union, types.UnionType):
        return reduce(or_, map(accepted, args))
    if kind in (WebhookSettings, GroupSettings, ShadowSettings, OtelSettings):
        return str | kind | Mapping[str, Any]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind | Mapping[str, Any]
    return kind


def test_options_match_settings():
    """Every field with its type; a file cannot contain the functions `mask_body` and `version`."""
    expected = {name: accepted(kind) for name, kind in get_type_hints(Settings).items()}
    expected["store"] = str | Path
    expected["mask_body"] = MaskBody | None
    expected["version"] = str | VersionFunction
    expected["metrics"] = str | expected["metrics"]  # a path is `metrics_endpoint`
    assert get_type_hints(Options) == expected


APPS = """import modeltap
async def app(scope, receive, send): ...
def wsgi(environ, start_response): return [b""]

"""


@pytest.fixture
def checked(tmp_path):
    """Run mypy on a program; return its exit code and output."""
    pytest.importorskip("mypy", reason='pip install "modeltap[test]"')

    def check(calls):
        program = tmp_path / "program.py"
        program.write_text(f"{APPS}{calls}\n")
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent", program],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        return done.returncode, done.stdout + done.stderr

    return check


def test_mypy_accepts_valid_options_and_rejects_others(checked):
    """Misspelt names and wrong types are errors in each entry point."""
    right = (
        'store="taps.db", sample_rate=0.1, exclude_paths=["/x"], models={"m": {"window": "1d"}}, '
        'webhooks=["https://example.org/hook"]'
    )
    doors = ("watch(app, ", "ASGIMiddleware(app, ", "WSGIMiddleware(wsgi, ", "capture(")
    calls = [f'modeltap.{door}model="m", {right})' for door in doors]
    code, output = checked("\n".join(calls))
    assert code == 0, output
    wrong = [f'modeltap.{door}model="m", sampel_rate=0.1)' for door in doors]
    wrong += [f'modeltap.{door}model="m", sample_rate="often")' for door in doors]
    code, output = checked("\n".join(wrong))
    assert code == 1
    for line in range(5, 13):
        assert f"program.py:{line}: error: " in output
    assert output.count('"sampel_rate"') >= 4 and output.count('"sample_rate"') >= 4
