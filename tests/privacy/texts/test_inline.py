"""Named values inside a text."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.inline import InlineMasker

SECRET = "qz7f3a"


def masked(text):
    return InlineMasker(SensitiveNames(), Marks(), Budget(100_000)).masked(text)


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"a=1&token={SECRET}&b=2",
        f"user[password]={SECRET}",
        f"a; sessionid={SECRET}; b",
        f'mutation {{ login(user: "a", password: "{SECRET}") {{ id }} }}',
        f"{{'password': '{SECRET}', 'a': 1}}",
        f'os.environ["DB_PASSWORD"] = "{SECRET}"',
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}",
        f"password: my {SECRET} phrase",
        f"card number: {SECRET}",
        f"api key = {SECRET}",
        f"passwords: [{SECRET}, {SECRET}]",
        f"auth => {SECRET}",
        f"curl --api-key {SECRET} --token={SECRET} http://x/",
        f"<password>{SECRET}</password>",
        f'<a><pin x="1"> {SECRET}</pin></a>',
        f"<token><![CDATA[{SECRET}]]></token>",
        f'<user password="{SECRET}"/>',
        f"https://example.org/a?X-Amz-Signature={SECRET}&a=1",
        f"https://example.org/#access_token={SECRET}",
        f"postgres://ann:{SECRET}@db/x",
        f"next={quote(f'https://example.org/?token={SECRET}', safe='')}",
        f"filter={quote(json.dumps({'password': SECRET}))}",
        f"{quote(quote('token=' + SECRET), safe='')}",
        f"&#112;assword={SECRET}",
        json.dumps(json.dumps({"password": SECRET})) + " in a log",
        f'password="{SECRET}',
        f'password="a \\" {SECRET}"',
        f"pin: {SECRET}",
        f"PIN={SECRET}",
        f"[{{'name': 'password', 'value': '{SECRET}'}}]",
        f"- key: api_key\n  value: {SECRET}\n",
        f'<param name="password" value="{SECRET}"/>',
        f'<param type="x" name="password">{SECRET}</param>',
        f"<key>password</key>\n<string>{SECRET}</string>",
        f"password: |\n  {SECRET}\n  {SECRET}\nage: 37",
        f"password: >-\n  {SECRET}",
    ],
)
def test_the_value_of_a_sensitive_name_is_masked(text):
    assert SECRET not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is a session, and what is a token?",
        "Please pass the salt: his opinion counts.",
        "time=2013-03-01T05:15:00Z",
        "session_duration=35&token_count=12",
        "author: Ann; passenger_count: 3",
        "https://example.org/a?b=1#c",
        "100 % of 3/4",
        "a -- b",
        "<b>token</b>",
        "<key>age</key><string>37</string> <a name='b' value='c'>d</a>",
        "age: |\n  37\ntoken_count: 12\n",
        "- name: age\n  value: 37",
        "",
    ],
)
def test_texts_without_a_secret_are_kept(text):
    assert masked(text) == text


@given(
    st.text('token=:"\\<>/%41&#; -{}', max_size=80), st.text('token=:"\\<>/%41&#; -{}', max_size=80)
)
def test_masking_any_text_twice_changes_nothing(before, after):
    """Nothing raises, and masked text has nothing left to mask."""
    kept = masked(f"{before} password={SECRET} {after}")
    assert SECRET not in kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('login(password: """a b""")', 'login(password: """[masked]""")'),
        ("password = '''a ' b'''", "password = '''[masked]'''"),
        ("password eq 'ab'", "password eq '[masked]'"),
        ("where token like 'ab%'", "where token like '[masked]'"),
        ("called with Bearer qz7f3a9k", "called with Bearer [masked]"),
        ("a bearer of news", "a bearer of news"),
        ("a token like this", "a token like this"),
    ],
)
def test_triple_quotes_conditions_and_bearer_tokens_are_masked(text, kept):
    """GraphQL and Python literals, OData and SQL filters, and headers without their name."""
    assert InlineMasker(SensitiveNames(), Marks(), Budget(100)).masked(text) == kept
