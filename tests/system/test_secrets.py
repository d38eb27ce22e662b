"""A webhook's URL, a secret, a key or a token is never quoted, however wrong it was given."""

from __future__ import annotations

import json
import logging
import os
import traceback
from pathlib import Path

import pytest

import modeltap
from command import completed
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError
from modeltap.notify.http import post
from modeltap.testing import WebhookReceiver

MARK = "T0kenM4rker"

URLS = {
    "no scheme": f"hooks.example.org/services/{MARK}",
    "no scheme but a port": f"hooks.example.org:443/{MARK}",
    "one slash": f"https:/hooks.example.org/{MARK}",
    "no colon": f"https//hooks.example.org/{MARK}",
    "two schemes": f"http:https://{MARK}/x",
    "another scheme": f"slack://{MARK}/{MARK}",
    "another scheme with a user": f"ftp://{MARK}:{MARK}@host/",
    "a password with a slash": f"https://user:{MARK}/x@host:y/",
    "no host": f"https:///{MARK}",
    "a wrong port": f"https://hooks.example.org:{MARK}/",
    "a port too high": f"https://user:{MARK}@hooks.example.org:99999/",
    "a broken address": f"http://[{MARK}",
    "a space": f"https://hooks.example.org/ {MARK}",
    "a line end": f"https://hooks.example.org/\n{MARK}",
    "quotes around it": f"'https://hooks.example.org/{MARK}'",
    "the token alone": MARK,
    "a shell's variable": f"${{{MARK}}}",
    "a variable of no name": f"env:https://hooks.example.org/{MARK}",
    "a variable that is the token": f"env:{MARK}",
    "nothing after it": f"env: {MARK} {MARK}",
    "JSON": json.dumps([{"url": f"hooks.example.org/{MARK}"}]),
}
"""Ways of giving a URL that are wrong, each with a token in it."""

SECRETS = {
    "a variable that is the secret": f"env:{MARK}",
    "a variable of no name": f"env:{MARK}+/=",
    "no base64": f"whsec_{MARK}!",
}
"""The same for a webhook's secret, `mask_key` and `--token`."""

OTHERS = {
    "bytes": MARK.encode(),
    "a list": [MARK],
    "a table": {MARK: MARK},
    "a table of lists": {"a": [MARK]},
    "a path": Path(f"/{MARK}"),
    "an object": type("Odd", (), {"__repr__": lambda _: MARK})(),
}
"""Values of a wrong type."""


REDIRECT = (302, {"location": f"http://127.0.0.1:1/{MARK}"})


def holds_no_token(text):
    assert MARK.lower() not in text.lower(), text
    return True


def refused(load):
    """Return the text that people and logs see of an error: its traceback, with its causes."""
    try:
        load()
    except ConfigError as error:
        assert "\n" not in str(error)
        return "".join(traceback.format_exception(error))
    return ""


SLOW = pytest.mark.slow


@pytest.mark.parametrize("wrong", URLS)
@pytest.mark.parametrize("key", ["text", "table", "discord", "apprise"])
def test_a_wrong_url_is_refused_without_its_words(wrong, key, caplog):
    """In code: an error where the settings are read, or where the message is sent."""
    url = URLS[wrong]
    entry = {"text": url, "table": {"url": url}}.get(key, {"url": url, "format": key})
    said = refused(lambda: sources.load({"webhooks": [entry]}, environ={}))
    holds_no_token(said)
    assert said or key == "apprise" or wrong == "a variable that is the token"
    caplog.set_level(logging.DEBUG)
    sources.load({"webhooks": [entry]}, environ={}, tolerant=True)
    webhook = WebhookSettings(url=url, format="json" if key in ("text", "table") else key)
    said += refused(webhook.resolved)
    said += str(post(webhook, "msg_1", {"type": "test", "timestamp": "", "data": {}}))
    holds_no_token(said + caplog.text + f"{webhook!r}{webhook}")
    if not url.startswith("env:"):
        holds_no_token(webhook.key)


@pytest.mark.parametrize("wrong", OTHERS)
@pytest.mark.parametrize("name", ["webhooks", "webhook", "url", "secret", "mask_key", "template"])
def test_a_value_of_a_wrong_type_is_refused_without_it(wrong, name):
    value = OTHERS[wrong]
    options = {
        "webhooks": {"webhooks": value},
        "webhook": {"webhooks": [value]},
        "url": {"webhooks": [{"url": value}]},
        "mask_key": {"mask_key": value},
    }.get(name, {"webhooks": [{"url": "https://hooks.example.org", name: value}]})
    said = refused(lambda: sources.load(options, environ={}))
    assert said and holds_no_token(said)


@pytest.mark.parametrize("wrong", SECRETS)
def test_a_wrong_secret_is_refused_without_it(wrong, caplog):
    table = {"url": "https://127.0.0.1:1/", "secret": SECRETS[wrong], "allow_private": True}
    said = refused(lambda: parse_webhook(table).resolved())
    said += refused(
        lambda: modeltap.watch(lambda x: x, model="m", mask_with="hash", mask_key=table["secret"])
    )
    outcome = post(WebhookSettings(**table), "msg_1", {"type": "test", "timestamp": "", "data": {}})
    assert outcome.error and (said or wrong == "no base64")
    holds_no_token(said + str(outcome) + caplog.text)


def test_settings_show_no_secret_in_logs_and_tracebacks():
    """Whoever prints them, or has a debugger print local variables."""
    hook = parse_webhook({"url": f"https://h.example/{MARK}", "secret": MARK, "template": MARK})
    settings = Settings(mask_key=MARK, webhooks=(hook,))
    for shown in (repr(hook), str(settings), repr(settings), f"{settings.__rich_repr__()}"):
        assert "h.example#" in shown and holds_no_token(shown)
    assert "sample_rate=1.0" in repr(settings)


def around(folder, *words, code, file="", **variables):
    """Run a command with settings of a file or of variables; return all that it leaves behind."""
    (folder / "modeltap.toml").write_text(file)
    done = completed(*words, cwd=folder, env={**os.environ, **variables})
    (folder / "modeltap.toml").unlink()
    left = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    text = done.stdout + done.stderr
    assert done.returncode in ({code} if isinstance(code, int) else code), text
    assert "Traceback" not in text, text
    assert holds_no_token(text) and holds_no_token(left.decode("latin-1"))
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store of one exchange and one message."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "rows.csv").write_text("x,prediction\n1,2\n")
    around(folder, "import", "rows.csv", "--model", "m", code=0)
    return folder


@pytest.mark.parametrize("wrong", ["no scheme", "another scheme", "a wrong port", "a space"])
@pytest.mark.parametrize(
    ("words", "code"),
    [(["doctor"], 1), (["webhook", "list"], 2), (["webhook", "test"], 2), (["analyze"], 0)],
    ids=str,
)
def test_no_command_shows_a_url_of_the_file_or_of_a_variable(folder, wrong, words, code):
    url = URLS[wrong]
    file = f"[[webhooks]]\nurl = {json.dumps(url)}\nformat = 'slack'\n"
    assert "webhook url" in around(folder, *words, code=code, file=file)
    assert "webhook url" in around(folder, *words, code=code, MODELTAP_WEBHOOKS=url)


@pytest.mark.parametrize(
    "file",
    [
        f"mask_key = {MARK}\n",
        f"mask_key = '{MARK}\n",
        f"[[webhooks]]\nurl = https://hooks.example.org/{MARK}\n",
        f"[webhooks]\n'https://{MARK}' = 1\n",
        f"[[webhooks]]\n{MARK} = 1\n",
        f"'https://{MARK}/' = 1\n",
        f"[{MARK}]\n[{MARK}]\n",
        f"webhooks = [['{MARK}']]\n",
        f"mask_key = ['{MARK}']\n",
        f"dashboard_url = 'grafana/{MARK}'\n",
        f"[[webhooks]]\nurl = 'https://hooks.example.org'\nsecret = {{ a = '{MARK}' }}\n",
    ],
)
def test_a_broken_file_is_reported_without_its_words(folder, file):
    for words, code in ((["webhook", "test"], 2), (["doctor"], 1)):
        around(folder, *words, code=code, file=file)


@pytest.mark.parametrize(
    "words",
    [
        ["webhook", f"https://hooks.example.org/{MARK}"],
        ["webhook", MARK],
        ["webhook", "add", f"https://hooks.example.org/{MARK}"],
        ["webhook", "test", f"hooks.example.org/{MARK}"],
        ["webhook", "test", MARK],
        ["webhook", "test", f"{MARK}\x01"],
        ["webhook", "test", f"https:/hooks.example.org/{MARK}"],
        ["webhook", "test", "one", f"hooks.example.org/{MARK}"],
        ["webhook", "test", "--event", MARK],
        ["webhook", "test", f"--secret={MARK}"],
        ["webhook", "test", f"https://hooks.example.org:{MARK}/"],
        ["webhook", "replay", f"https://hooks.example.org/{MARK}"],
        ["webhook", "replay", MARK],
        ["webhook", "list", MARK],
        ["receive", "--token", f"env:{MARK}", "--host", "127.0.0.1"],
        ["receive", "--token", f"env:{MARK} {MARK}"],
        ["receive", "--port", MARK],
        ["receive", MARK],
        ["receive", f"--tokn={MARK}"],
        [f"https://hooks.example.org/{MARK}"],
        ["alerts", f"https://hooks.example.org/{MARK}"],
        ["tail", "-n", f"https://hooks.example.org/{MARK}"],
    ],
)
def test_no_argument_that_may_be_a_secret_is_quoted(folder, words):
    assert around(folder, *words, code={1, 2}).startswith("modeltap: ")


@pytest.mark.parametrize("name", ["MASK_KEY", "WEBHOOKS", "SECRET", "DASHBOARD_URL", "WEBHOOK_URL"])
@pytest.mark.parametrize("value", [f"env:{MARK}", f"hooks/{MARK}", f"[{{'url': '{MARK}'}}]"])
def test_no_variable_is_quoted(folder, name, value):
    """Whether it is wrong, or unknown, or right and then not set."""
    for words in (["alerts"], ["doctor"], ["erase", "--model", "m", "--where", "x=7", "--yes"]):
        variables = {f"MODELTAP_{name}": value, "MODELTAP_MASK_WITH": "hash"}
        done = completed(*words, cwd=folder, env={**os.environ, **variables})
        assert holds_no_token(done.stdout + done.stderr) and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("channel", "answer"),
    [
        ("json", REDIRECT),
        *(pytest.param("json", answer, marks=SLOW) for answer in (500, 410, "reset", "drip")),
        *(pytest.param("apprise", answer, marks=SLOW) for answer in (REDIRECT, 500, 410)),
    ],
    ids=str,
)
def test_a_failed_delivery_leaves_no_token(folder, answer, channel):
    """Neither in the outcome that is printed, nor in logs, nor in the store."""
    if channel == "apprise":
        pytest.importorskip("apprise", reason="pip install 'modeltap[apprise]'")
    with WebhookReceiver(answers=[answer] * 3) as receiver:
        url = f"{receiver.url}/{MARK}?token={MARK}".replace("//", f"//user:{MARK}@", 1)
        url = url.replace("http", "json", 1) if channel == "apprise" else url
        file = (
            f"[[webhooks]]\nurl = '{url}'\nformat = '{channel}'\nsecret = '{MARK}'\n"
            "allow_private = true\ntimeout_seconds = 1.5\nevents = ['digest']\n"
        )
        around(folder, "webhook", "test", code=1, file=file)
        around(folder, "digest", code=0, file=file)
        around(folder, "deliver", code=0, file=file)
        around(folder, "webhook", "list", code=0, file=file)
        around(folder, "doctor", code=1, file=file)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\ufeff"])
def test_line_ends_of_files_and_variables_are_no_part_of_a_secret(end):
    url, secret = f"https://hooks.example.org/{MARK}", "whsec_c2VjcmV0"
    environ = {"HOOK_URL": f"{url}{end}", "HOOK_SECRET": f"{secret}{end}"}
    plain = WebhookSettings(url=url, secret=secret)
    for entry in (
        {"url": "env:HOOK_URL", "secret": "env:HOOK_SECRET"},
        {"url": f"env:HOOK_URL{end}", "secret": f"env:HOOK_SECRET{end}"},
        {"url": f"{url}{end}", "secret": f"{secret}{end}"},
        WebhookSettings(url=f"{url}{end}", secret=f"{secret}{end}"),
    ):
        assert parse_webhook(entry).resolved(environ) == plain
    literal = sources.load({}, environ={"MODELTAP_WEBHOOKS": f"{url}{end}"}).webhooks
    assert literal == (WebhookSettings(url=url),) and literal[0].key == WebhookSettings(url=url).key
