"""Masking of server-sent events and JSON Lines: all secrets are masked, and nothing else."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modeltap.payload import parse_json
from modeltap.privacy.marks import MASK
from modeltap.privacy.masker import Masker

masker = Masker()
SECRET = "hunter2-unique"


def kept(text, mask=masker):
    return mask.body(text.encode(), "")


def test_data_lines_are_masked_like_json_bodies():
    """By field, at any depth; lines without a sensitive field stay unchanged."""
    clean = 'data: {"a":  "my password is x", "max_tokens": 7}\n\n'
    text, note = kept(
        'event: delta\r\ndata: {"token": {"id": 5}, "rows": [{"apiKey": "k"}], "n": 1}\r\n\r\n'
        + clean
        + ": ping\n\nid: 7\nretry: 100\ndata:[DONE]\n\n"
    )
    assert note == "masked"
    assert text == (
        f'event: delta\r\ndata: {{"token":"{MASK}","rows":[{{"apiKey":"{MASK}"}}],"n":1}}\r\n\r\n'
        + clean
        + ": ping\n\nid: 7\nretry: 100\ndata:[DONE]\n\n"
    )
    assert kept(clean * 3) == (clean * 3, None)


def test_a_stream_that_only_counts_tokens_is_kept_unchanged():
    """Most streams of language models have names that resemble sensitive ones."""
    text = 'data: {"usage": {"prompt_tokens": 3}}\n\ndata: {"author": "a"}\n\ndata: [DONE]\n\n'
    assert kept(text) == (text, None)


def test_data_of_an_event_with_a_sensitive_name_is_masked():
    """Like the value of a field; the other events stay."""
    text, _ = kept('event: token\ndata: {"a": 1}\ndata: b\n\nevent: x\ndata: {"c": 2}\n\n')
    assert text == f'event: {MASK}\ndata: {MASK}\ndata: {MASK}\n\nevent: x\ndata: {{"c": 2}}\n\n'
    assert kept("event: password\n\ndata: hunter2\n\n") == (None, "unmaskable")
    text, _ = kept('event: password=hunter2\ndata: {"a": 1}\n\n')
    assert "hunter2" not in text


def test_lines_other_than_data_are_masked_or_refused():
    """An id is masked completely; a comment with a sensitive name drops the body."""
    assert kept('id: session-7\ndata: {"a": 1}\n\n') == (
        f'id: {MASK}\ndata: {{"a": 1}}\n\n',
        "masked",
    )
    for line in (
        ": password is hunter2",
        "retry: password hunter2",
        "data: password hunter2",
        "data: password\ndata: hunter2",
        "password: hunter2",
    ):
        assert kept(f'data: {{"a": 1}}\n\n{line}\n\n') == (None, "unmaskable")


def test_documents_without_fields_are_kept_only_without_a_name():
    """The second line may hold the value of a name in the first line."""
    rows = '["user", "password"]', '["ann", "hunter2"]'
    assert kept("\n".join(rows)) == (None, "unmaskable")
    assert kept("".join(f"data: {row}\n\n" for row in rows)) == (None, "unmaskable")
    assert kept('data: "password"\n\ndata: "hunter2"\n\n') == (None, "unmaskable")
    assert kept('data: "\\u0070assword"\n\ndata: "hunter2"\n\n') == (None, "unmaskable")
    clean = 'data: "caf\\u00e9"\n\ndata: [1, 2]\n\ndata: {"max_tokens": 1}\n\n'
    assert kept(clean) == (clean, None)
    text, _ = kept('data: [{"token": "t"}]\n\n')
    assert text == f'data: [{{"token":"{MASK}"}}]\n\n'


def test_a_document_over_several_lines_is_kept_only_if_it_is_clean():
    """Masking would merge it into one line, and lines are known by their number."""
    assert kept('data: {\ndata: "password"\ndata: : "x"\ndata: }\n\n') == (None, "unmaskable")
    assert kept('data: {"password":\ndata: "x"}\n\n') == (None, "unmaskable")
    clean = 'data: {\ndata: "max_tokens": 5\ndata: }\n\n'
    assert kept(clean) == (clean, None)


def test_the_truncated_last_line_is_dropped_if_it_has_a_name():
    """The rest stays; a truncated line without such a name stays, too."""
    whole = 'data: {"max_tokens": 1}\n\n'
    assert kept(whole + 'data: {"password": "hun') == (whole, "masked")
    assert kept(whole + 'event: x\ndata: {"password": "hun') == (whole + "event: x\n", "masked")
    assert kept(whole + 'data: {"password": "p"}') == (
        whole + f'data: {{"password":"{MASK}"}}',
        "masked",
    )
    assert kept(whole + 'data: {"a": "b') == (whole + 'data: {"a": "b', None)
    assert kept(whole + "event: token\n") == (whole, "masked")
    assert kept(whole + 'data: {"password":\ndata: "hun') == (None, "unmaskable")
    assert kept(whole + "event: tok") == (whole + "event: tok", None)


def test_json_lines_are_masked_line_by_line():
    """As long as each line is complete; the last one may be truncated."""
    lines = '{"token": 1, "a": 2}\n\n[{"password": "x"}]\r\n'
    text, note = kept(lines + '{"max_tokens": 1}')
    assert note == "masked"
    assert text == f'{{"token":"{MASK}","a":2}}\n\n[{{"password":"{MASK}"}}]\r\n{{"max_tokens": 1}}'
    assert kept('{"a": 1}\n{"password": "hun') == ('{"a": 1}\n', "masked")
    assert kept('{"a": 1}\n{"max_tokens": "hun')[1] is None
    assert kept('{"password": "x"\n{"a": 1}\n') == (None, "unmaskable")
    assert kept('[\n{"password": "x"},\n{"a": 1}') == (None, "unmaskable")


def test_custom_values_and_names_are_masked_in_streams():
    """`mask_values` and `mask_body_fields`, hashed or dropped."""
    own = Masker(body_fields=["^phone$", "^id$"], values=["email"])
    text, note = kept(
        'event: video\nid: a@b.org\ndata: {"phone": 1, "x": "to a@b.org", "ids": 2}\n\n'
        ": from a@b.org\n\ndata: a@b.org\n\nevent: a@b.org\ndata: x\n\n",
        own,
    )
    assert note == "masked"
    assert text == (
        f'event: video\nid: {MASK}\ndata: {{"phone":"{MASK}","x":"to {MASK}","ids":2}}\n\n'
        f": from {MASK}\n\ndata: {MASK}\n\nevent: {MASK}\ndata: {MASK}\n\n"
    )
    dropping = Masker(how="drop")
    text = 'event: token\nid: session\ndata: {"a": 1}\n\ndata: {"token": 1}\n\n'
    assert kept(text, dropping) == (":\n:\n:\n\ndata: {}\n\n", "masked")
    hashing = Masker(how="hash", key="k")
    assert json.loads(kept('data: {"token": "t"}\n\n', hashing)[0][6:]) == {
        "token": "[hash:e7fcbc16f826ad96]"
    }


def test_a_compressed_stream_is_masked_too():
    """And stored decompressed, like a JSON body."""
    packed = gzip.compress(b'data: {"token": 1}\n\n')
    assert masker.body(packed, "gzip") == (f'data: {{"token":"{MASK}"}}\n\n', "masked")


name = st.sampled_from(["password", "token", "x-api-key", "Session", "\\u0070assword"])
plain = st.sampled_from(["a", "max_tokens", "event", "data"])
inner = st.one_of(
    st.builds('{{"{}": "{}"}}'.format, name, st.just(SECRET)),
    st.builds('{{"{}": [1, {{"{}": "{}"}}]}}'.format, plain, name, st.just(SECRET)),
    st.builds('{{"{}": "{}"}}'.format, plain, st.sampled_from(["x", "password", "caf\\u00e9"])),
    st.sampled_from(["[DONE]", "1", '"text"', "", "words"]),
)
line = st.one_of(
    st.builds("data: {}".format, inner),
    st.builds("data: {}".format, inner),
    inner,
    st.builds("event: {}".format, st.sampled_from(["delta", "token", f"password={SECRET}"])),
    st.sampled_from(
        [
            f"id: session={SECRET}",
            f": token {SECRET}",
            "id: 1",
            ": ping",
            "retry: 1",
            "",
            "",
            "",
            f"password={SECRET}",
        ]
    ),
)
stream = st.builds(
    lambda lines, end, last: end.join(lines) + last,
    st.lists(line, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["", "\n", "\n\n"]),
)


@settings(max_examples=600, deadline=None)
@given(stream, st.integers(0, 400), st.sampled_from(["mark", "hash", "drop"]))
@example('{"a":\n{"token": "hunter2-unique"}\n', 400, "mark")
def test_no_planted_secret_ever_survives(text, cut, how):
    """For any lines and any truncation of the body; and the number of lines stays the same."""
    body = text[:cut]
    masked, note = kept(body, Masker(how=how, key="k"))
    if masked is None:
        assert note == "unmaskable"
        return
    assert SECRET not in masked
    assert (note is None) == (masked == body)
    if parse_json(body) is None:
        assert body.count("\n") - masked.count("\n") in (0, 1)


@pytest.mark.parametrize("at", range(1, len('data: {"password": "hunter2-unique"}\n\n')))
def test_truncation_at_any_place_leaves_no_part_of_a_secret(at):
    """Not even its beginning."""
    masked, _ = kept('data: {"a": 1}\n\n' + 'data: {"password": "hunter2-unique"}\n\n'[:at])
    assert "hunt" not in (masked or "")


@given(st.text(alphabet='{}[]":, \n\rdateviplswor0\\u', max_size=60))
def test_any_text_gives_text_or_a_reason(text):
    """Nothing raises, and unchanged text has no note."""
    masked, note = kept(text)
    assert (masked is None) == (note == "unmaskable")
    assert (note is None) == (masked == text)


def without(document):
    """Return a document as it should be stored."""
    if isinstance(document, dict):
        return {n: MASK if n in SENSITIVE else without(v) for n, v in document.items()}
    return list(map(without, document)) if isinstance(document, list) else document


SENSITIVE = ("password", "token", "x-api-key", "Session")
values = st.recursive(
    st.none() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.just("my password"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SENSITIVE, "a", "max_tokens"]), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from([*SENSITIVE, "b", "author"]), values, min_size=1)


@given(st.lists(objects, min_size=2, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_complete_stream_is_stored_with_everything_but_its_secrets(documents, end, framed):
    """Each document stays in its line."""
    before = "data: " if framed else ""
    between = end * 2 if framed else end
    text = "".join(before + json.dumps(item) + between for item in documents)
    masked, note = kept(text)
    rows = [row.removeprefix(before) for row in masked.split(between)]
    assert rows.pop() == ""
    assert [json.loads(row) for row in rows] == list(map(without, documents))
    assert (note is None) == (masked == text)
