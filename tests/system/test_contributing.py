"""CONTRIBUTING.md: its examples work, and the files that it names exist."""

from __future__ import annotations

import json
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from detecting import evaluated
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.config.catalogue.alert_rules import ALERT_RULES
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.payload import Payload

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def examples(heading):
    """Return the Python blocks of a section."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.S)


def module_of(code, name="example"):
    module = types.ModuleType(name)
    exec(compile(code, name, "exec"), module.__dict__)
    return module


@pytest.fixture
def detector(monkeypatch):
    """The detector of the page with its sentence, under the name that it would have."""
    code, sentence = examples("Add a detector")
    name = "modeltap.analysis.detectors.empty_columns"
    module = module_of(code, name)
    monkeypatch.setitem(sys.modules, name, module)
    module_of(sentence)
    return module


def test_the_detector_alerts_with_its_sentence(detector):
    """It reports a column that lost its values, and is silent if nothing changed."""
    rng = np.random.default_rng(0)
    then = {name: rng.normal(size=1000).tolist() for name in ("a", "b")}
    reference = fit(then, 1000, model="m")
    now = {"a": [None] * 200, "b": then["b"][:200]}
    (lost,) = evaluated(reference, tally(now, 200, reference), [detector])
    assert (lost.verdict, lost.value, lost.strength) == ("alert", 1.0, 2.0)
    assert lost.explanation == "no values in a, in 200 rows"
    now = {name: column[:200] for name, column in then.items()}
    (same,) = evaluated(reference, tally(now, 200, reference), [detector])
    assert (same.verdict, same.value) == ("ok", 0.0)


def test_the_metrics_entry_is_one():
    """It names a rule that exists."""
    (code,) = examples("Add a metric")
    entry = module_of(code.replace("\nCatalogueEntry(", "\nentry = CatalogueEntry(")).entry
    assert entry.rule in ALERT_RULES and entry.has_verdict


def test_the_protocol_decodes():
    """Two lines, two rows."""
    (code,) = examples("Add a protocol")
    payload = Payload("/", None, 200, "a=1 b=2\na=3 b=4", "0.5\n0.7", "text/x-pairs")
    decoded = module_of(code).decode(payload)
    assert decoded.rows == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert decoded.predictions == [0.5, 0.7]
    assert module_of(code).decode(Payload("/", None, 200, "{}", "{}", "application/json")) is None


def test_the_channel_writes_a_message():
    """In its own format only."""
    (code,) = examples("Add a channel")
    hook = module_of(code).format_event
    event = {"type": "alert.resolved", "data": {"model": "m", "rule": "latency", "summary": "fast"}}
    body, headers = hook(event, WebhookSettings(url="https://example.org", format="plain"))
    assert json.loads(body)["text"].endswith(": fast") and headers
    assert hook(event, WebhookSettings(url="https://example.org")) is None


def test_the_files_that_it_names_exist():
    """Those with a placeholder in their name have a folder."""
    names = re.findall(r"`((?:middleware|plugins|tests|docs|scripts|benchmarks)/[^\s`]*)`", PAGE)
    assert len(names) > 20
    for name in names:
        path = ROOT / name.partition("<")[0].rpartition("/")[0] if "<" in name else ROOT / name
        assert list(ROOT.glob(name)) if "*" in name else path.exists(), name
