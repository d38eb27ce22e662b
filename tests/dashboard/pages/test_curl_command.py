"""The command that sends a request again, read by a real shell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from modeltap.dashboard.pages.curl_command import curl_command

BASH = shutil.which("bash")
SHOW = 'curl() { printf \'%s\\0\' "$@"; case "$*" in *@-*) cat;; esac; }\n'

BODIES = {
    "json": '{"x": "it\'s $HOME `id` \\n"}',
    "empty": "",
    "lines": "a\nb\r\nc\n",
    "escape": "\x1b[31m\x9b'\\",
    "bidi": "\u202eabc\u200b",
    "emoji": "🛫👩‍👩",
    "nul": "a\0b",
    "bytes": b"\x00\xff\n",
    "file": "@/etc/passwd",
}


def exchange(**changes):
    own = {
        "method": "POST",
        "path": "/p",
        "query": None,
        "request_type": None,
        "request_body": "",
        "request_note": None,
        "request_truncated": None,
    }
    return own | changes


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_shell_reads_the_same_body(body):
    command = curl_command(exchange(request_body=body), {})
    done = subprocess.run([BASH, "-c", SHOW + command], capture_output=True, check=True)
    if "@-" in command:
        sent = done.stdout.rpartition(b"@-\0")[2]
    else:
        words = done.stdout.split(b"\0")
        sent = words[words.index(b"--data-raw") + 1] if b"--data-raw" in words else b""
    assert sent == (body if isinstance(body, bytes) else body.encode())


def test_addresses_and_headers():
    """Masked headers, and those that curl makes itself, are left out."""
    command = curl_command(
        exchange(path="/a b/é\x1b", query="q=1&x[]=2", request_type="text/plain"),
        {"accept": "*/*", "authorization": "[masked]", "content-length": "5", "host": "h"},
    )
    assert "'http://HOST/a%20b/%C3%A9%1B?q=1&x[]=2'" in command and "--globoff" in command
    assert command.endswith("-H 'content-type: text/plain' -H 'accept: */*'")


@pytest.mark.parametrize(
    "changes",
    [
        {"method": None},
        {"request_body": None, "request_note": "too_large"},
        {"request_body": "x" * 200_000},
    ],
)
def test_without_a_whole_request_there_is_none(changes):
    assert curl_command(exchange(**changes), {}) is None
