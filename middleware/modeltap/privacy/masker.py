"""What must not reach the disk: values under sensitive names, in headers, queries and bodies.

The rule: a body that parses is masked by field, and so is each line of a stream (`mask_stream`);
text that does not parse is kept only if no sensitive name occurs in it, and so are Parquet and
JSON with bytes after it; other binary is kept. What cannot be masked is not kept, and the
exchange always is.
"""

from __future__ import annotations

import hmac
import json
import re
import zlib
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import msgspec

from modeltap.privacy.streams import Rules, Unmaskable, masked_stream
from modeltap.privacy.tables import PARQUET, head_names, mask_beside, parquet_footer
from modeltap.privacy.values import SensitiveValues

MASK = "[masked]"
UNMASKABLE = "unmaskable"
MASKED = "masked"

_NAMES = (
    # 'auth' but not author or authority; 'token' but not max_tokens, whose count is no secret.
    r"auth(?!or(?!i[sz]))",
    r"api[-_ ]?key",
    r"secret(?!ar)",
    r"token(?!s|i[sz])",
    r"(?:access|refresh|auth|api|id)[-_ ]?tokens",
    r"passw",
    r"passphrase",
    r"(?<![a-z])pwd(?![a-z])",
    r"cookie",
    r"session",
    r"csrf",
    r"xsrf",
    r"credential",
    r"private[-_ ]?key",
    r"signature",
    r"(?<![a-z])ssn(?![a-z])",
    r"card[-_ ]?n(?:umber|o|um)(?![a-z])",
    r"(?<![a-z])cv[vc]2?(?![a-z])",
)

_TO_LETTERS = bytes.maketrans(bytes(range(65, 91)), bytes(range(97, 123)))
_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha() and byte != 92)
"""Most of a row's JSON is digits and punctuation: without them the search is three times shorter,
and `api_key`, `api-key` and `apiKey` are one word."""

_REMEMBERED = 256
_REMEMBERED_BYTES = 4096
"""How many clean texts are remembered, and how long each may be: a megabyte at most."""

_REMEMBERED_NAMES = 4096
_LONGEST_NAME = 100

_NUMBERS = re.compile(rb"[\d.]+")
"""What differs between the rows of a model: without its numbers a body is known by its shape, and
no name in it is another one's for it (each number leaves a digit)."""

_DIGITS_ALIKE = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 19

_ESCAPED_LETTER = "\\u00"
"""JSON may write a letter as its number: such a body is parsed, whatever it seems to say."""

_BYTE_ORDER_MARKS = b"\xff\xfe\xef\xbb\xbf"
_JSON_SPACE = b" \t\r\n"

MAX_INFLATED_BYTES = 1024 * 1024
"""How much of a compressed body is looked at; a bomb stops here."""


class Masker:
    """Masks by name, the safe defaults and the patterns that were added, and by look if wanted.

    Values are replaced by a mark; by a keyed hash (HMAC-SHA256), so that equal ones stay equal and
    nobody without the key can try values out; or dropped with their names.

    >>> masker = Masker(body_fields=["^phone$"])
    >>> masker.body(b'{"user": {"password": "p", "phone": 1}, "age": 7}', "")
    ('{"user":{"password":"[masked]","phone":"[masked]"},"age":7}', 'masked')
    >>> masker.body(b'{"age": 7}', "")
    ('{"age": 7}', None)
    >>> masker.body(b'password=', "")
    (None, 'unmaskable')
    >>> Masker(how="hash", key="k").body(b'{"token": "t"}', "")
    ('{"token":"[hash:e7fcbc16f826ad96]"}', 'masked')
    """

    def __init__(
        self,
        headers: Iterable[str] = (),
        query_params: Iterable[str] = (),
        body_fields: Iterable[str] = (),
        values: Iterable[str] = (),
        how: Literal["mark", "hash", "drop"] = "mark",
        key: str = "",
    ) -> None:
        self._headers = _compiled(headers)
        self._query = _compiled(query_params)
        added = tuple(body_fields)
        self._fields = _compiled(added)
        # In text that is no JSON a field's name has no beginning and no end to anchor to.
        self._anywhere = _compiled(pattern.strip("^$") for pattern in added)
        self._values = SensitiveValues(values)
        self._parse_always = bool(added) or bool(self._values)
        self._how = how
        self._key = key.encode()
        self._clean: set[bytes] = set()
        self._innocent: set[bytes] = set()
        self._was_innocent = False
        self._known_names: dict[str, bool] = {}
        self._rules = Rules(
            self._may_hold_names,
            self._document,
            self._unless_named,
            self._is_sensitive,
            self._replacement,
        )

    def header(self, name: str, value: str) -> str | None:
        """Return what may be kept of a header's value; None when it is dropped."""
        return self._replacement(value) if self._headers.search(name.lower()) else self.text(value)

    def query(self, text: str) -> str | None:
        """Return a query string with its sensitive parameters masked; None for an empty one."""
        if not text:
            return None
        pairs = parse_qsl(text, keep_blank_values=True)
        kept = [
            (
                name,
                self._replacement(value) if self._query.search(name.lower()) else self.text(value),
            )
            for name, value in pairs
        ]
        return text if kept == pairs else urlencode([pair for pair in kept if pair[1] is not None])

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._values.masked(text, self.mark) if self._values else text

    def _replacement(self, value: object) -> str | None:
        return None if self._how == "drop" else self.mark(value)

    def mark(self, value: object) -> str:
        """Return what stands in a value's place where something must stand."""
        if self._how != "hash":
            return MASK
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return f"[hash:{digest.hex()[:16]}]"

    def body(self, body: bytes | bytearray, encoding: str) -> tuple[str | bytes | None, str | None]:
        """Return what may be kept of a body, and a note where that is not the body itself.

        Valid UTF-8 without NUL comes back as text, anything else as bytes. A compressed body
        (`encoding`, as in Content-Encoding) is looked into; where it had to be masked, the
        masked text takes its place.
        """
        plain = bytes(body)
        if encoding and encoding != "identity":
            return self._compressed(plain, encoding)
        text = as_text(plain)
        if text is None:
            return self._binary(plain)
        if not (self._parse_always or self._suspicious(plain)):
            return text, None
        if self._values:
            return self._by_field(text)
        # Where the last one was masked, the next is likely to be: its shape is not worth a look.
        if self._was_innocent and _shape(plain) in self._innocent:
            return text, None
        kept, note = self._by_field(text)
        self._was_innocent = note is None
        if note is None and len(shape := _shape(plain)) <= _REMEMBERED_BYTES:
            _remember(self._innocent, shape)
        return kept, note

    def _suspicious(self, body: bytes) -> bool:
        """A cheap look: can one of the default names be in here at all?

        Without its digits and punctuation one request of a model mostly reads like the next, so
        what was clean once is remembered.
        """
        letters = _letters(body)
        if letters in self._clean:
            return False
        if _names_in(letters):
            return True
        if len(letters) <= _REMEMBERED_BYTES:
            _remember(self._clean, letters)
        return False

    def _is_sensitive(self, name: str) -> bool:
        """Say whether a field's name is one to mask; of each it is worked out once."""
        try:
            return self._known_names[name]
        except KeyError:
            found = self._fields.search(name.lower()) is not None
            if len(self._known_names) < _REMEMBERED_NAMES and len(name) <= _LONGEST_NAME:
                self._known_names[name] = found
            return found

    def _compressed(self, body: bytes, encoding: str) -> tuple[str | bytes | None, str | None]:
        plain = inflate(body, encoding, MAX_INFLATED_BYTES)
        if plain is None:
            return None, UNMASKABLE
        kept, note = self.body(plain, "")
        return (kept, note) if note else (body, None)

    def _binary(self, body: bytes) -> tuple[bytes | None, str | None]:
        if body.startswith(PARQUET):
            footer = parquet_footer(body)
            suspicious = footer is None or self._anywhere.search(footer.lower()) is not None
        else:
            suspicious = self._head_is_suspicious(body) or self._is_suspicious_text(body)
        return (None, UNMASKABLE) if suspicious else (body, None)

    def _head_is_suspicious(self, body: bytes) -> bool:
        """Say whether there is a sensitive name in the JSON that bytes come after."""
        body = body.lstrip(_JSON_SPACE)
        if not body.startswith(b"{"):
            return False
        names = head_names(body)
        if names is None:
            return self._anywhere.search(body.decode("latin-1").lower()) is not None
        return any(map(self._is_sensitive, names))

    def _is_suspicious_text(self, body: bytes) -> bool:
        """An image may hold the letters of a name by chance; UTF-16 or Latin-1 text does not."""
        start = body[:4096].lstrip(_BYTE_ORDER_MARKS).replace(b"\0", b"")
        letters = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in start)
        if letters < 0.85 * len(start):
            return False
        text = body.replace(b"\0", b"").decode("latin-1")
        return self._anywhere.search(text.lower()) is not None or self.text(text) != text

    def _by_field(self, text: str) -> tuple[str | None, str | None]:
        kept = self._document(text)
        if kept is None:
            try:
                kept = masked_stream(text, self._rules)
            except Unmaskable:
                return None, UNMASKABLE
        if kept is None:
            kept = self._unless_named(text)
        if kept is None:
            return None, UNMASKABLE
        return kept, None if kept == text else MASKED

    def _document(self, text: str) -> str | None:
        """Return JSON as it may be kept; None where `text` is none."""
        parsed = False
        for read in (_read_quickly, _read_with_care):
            try:
                document, changed = read(text)
                changed = self._mask_names(document) or changed
                if self._values:
                    plain, document = document, self._without_values(document)
                    changed = changed or document != plain
            except (ValueError, msgspec.DecodeError, RecursionError):
                continue
            if changed:
                return _written(document)
            parsed = True
        return text if parsed else None

    def _unless_named(self, text: str) -> str | None:
        """Return what may be kept of text that is no JSON; None where a name may be in it."""
        if self._anywhere.search(text.lower()) or _ESCAPED_LETTER in text:
            return None
        return self.text(text)

    def _may_hold_names(self, text: str) -> bool:
        return self._parse_always or _names_in(_letters(text.encode()))

    def _mask_names(self, found: Any) -> bool:
        """Replace what has a sensitive name, at any depth; say whether there was any."""
        changed = False
        if isinstance(found, dict):
            changed = mask_beside(found, self._is_sensitive, self._replacement)
            for name in list(found):
                value = found[name]
                if self._is_sensitive(name):
                    found[name] = self._replacement(value)
                    if self._how == "drop":
                        del found[name]
                    changed = True
                elif isinstance(value, (dict, list)):
                    changed = self._mask_names(value) or changed
        elif isinstance(found, list):
            for item in found:
                if isinstance(item, (dict, list)):
                    changed = self._mask_names(item) or changed
        return changed

    def _without_values(self, document: Any) -> Any:
        """Return a copy of `document` with texts and numbers that look sensitive replaced."""
        if isinstance(document, str):
            return self.text(document)
        if isinstance(document, dict):
            return {self.text(name): self._without_values(v) for name, v in document.items()}
        if isinstance(document, list):
            return list(map(self._without_values, document))
        if isinstance(document, int) and not isinstance(document, bool):
            text = str(document)
            return document if (kept := self.text(text)) == text else kept
        return document


def _letters(body: bytes) -> bytes:
    return body.translate(_TO_LETTERS, _NO_LETTERS)


def _shape(body: bytes) -> bytes:
    return _NUMBERS.sub(b"0", body)


def _remember(known: set[bytes], text: bytes) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known.add(text)


def _names_in(text: bytes) -> bool:
    """Say whether a stem of a sensitive name is in `text`, lower-cased letters and backslashes.

    Written out, because a loop would cost as much as the search.
    """
    return (
        b"auth" in text
        or b"key" in text
        or b"secret" in text
        or b"token" in text
        or b"pass" in text
        or b"pwd" in text
        or b"cookie" in text
        or b"session" in text
        or b"srf" in text
        or b"credential" in text
        or b"signature" in text
        or b"ssn" in text
        or b"card" in text
        or b"cvv" in text
        or b"cvc" in text
        or b"\\u" in text
    )


def _read_quickly(text: str) -> tuple[Any, bool]:
    """Read JSON; a name that occurs twice goes unnoticed."""
    if _LONG_NUMBER in text.encode().translate(_DIGITS_ALIKE):
        raise ValueError("beyond 64 bits a number would be rounded")
    return msgspec.json.decode(text), False


def _read_with_care(text: str) -> tuple[Any, bool]:
    """Read JSON, NaN and long numbers too; say whether the text has more than the document shows.

    Of a name that occurs twice that is the first value.
    """
    twice = False

    def fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal twice
        found = dict(pairs)
        twice = twice or len(found) < len(pairs)
        return found

    return json.loads(text, object_pairs_hook=fields), twice


def _written(document: object) -> str:
    try:
        return msgspec.json.encode(document).decode()
    except (ValueError, OverflowError, TypeError, msgspec.EncodeError):
        # Lone surrogates, which no file can hold as they are, and numbers beyond 64 bits.
        return json.dumps(document, separators=(",", ":"))


def as_text(body: bytes) -> str | None:
    """Return `body` as text if it is valid UTF-8 without NUL, else None."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def cut_at_character(body: bytes | bytearray) -> bytes:
    """Drop the bytes of a last UTF-8 character that a cut body has lost the end of."""
    for back in range(1, min(4, len(body)) + 1):
        byte = body[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return bytes(body[:-back]) if back < needed else bytes(body)
        if byte < 0x80:
            break
    return bytes(body)


def inflate(body: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo gzip or deflate; None where that cannot be done, or gives more than `limit` bytes."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    for bits in (47, -15):  # gzip or zlib by their own marks; else raw deflate
        machine = zlib.decompressobj(bits)
        try:
            plain = machine.decompress(body, limit)
        except zlib.error:
            continue
        return None if machine.unconsumed_tail else plain
    return None


def _compiled(added: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join((*_NAMES, *(pattern.lower() for pattern in added))))
