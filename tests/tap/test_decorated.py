"""Decorated functions keep their kind and metadata, and each call is one exchange."""

from __future__ import annotations

import inspect
import itertools
import json
import weakref

import msgspec
import pytest

import modeltap
from modeltap.errors import ConfigError
from modeltap.tap.decorated import LAST_ID, Arguments, CaptureDecorator


@pytest.fixture
def decorate(store):
    return CaptureDecorator("m", "", {"store": store, "analyze": False})


def recorded(store, read_rows):
    assert modeltap.flush(20)
    return read_rows(store)


def test_functions_keep_their_kind_their_name_and_their_signature(decorate):
    def plain(x: int) -> int:
        """Say so."""
        return x

    async def coroutine(x): ...

    def generator(x):
        yield x

    async def async_generator(x):
        yield x

    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    for function in (plain, coroutine, generator, async_generator):
        made = decorate(function)
        assert made.__name__ == function.__name__ and made.__doc__ == function.__doc__
        assert inspect.signature(made) == inspect.signature(function)
        assert [kind(made) for kind in kinds] == [kind(function) for kind in kinds]


def test_one_argument_is_the_request_several_are_named(decorate, store, read_rows):
    @decorate
    def single(row):
        return row

    @decorate
    def two(row, factor=2):
        return row * factor

    class Model:
        @decorate
        def predict(self, row):
            return row

    assert (single({"a": 1}), two(3), Model().predict([1])) == ({"a": 1}, 6, [1])
    bodies = [json.loads(row["request_body"]) for row in recorded(store, read_rows)]
    assert bodies == [{"a": 1}, {"row": 3, "factor": 2}, [1]]


def test_an_invalid_call_fails_like_the_undecorated_function(decorate, store, read_rows):
    @decorate
    def single(row):
        return row

    with pytest.raises(TypeError, match="row"):
        single()
    (row,) = recorded(store, read_rows)
    assert (row["error_type"], row["status"]) == ("TypeError", 500)


def test_items_of_a_generator_are_one_response(decorate, store, read_rows):
    @decorate
    def texts(n):
        yield from ["a", "b"][:n]

    @decorate
    def numbers(n):
        yield from range(n)

    assert (list(texts(2)), list(numbers(3)), list(numbers(0))) == (["a", "b"], [0, 1, 2], [])
    left = numbers(9)
    assert next(left) == 0
    left.close()
    rows = recorded(store, read_rows)
    assert [row["response_body"] for row in rows] == ["ab", "[0,1,2]", "[]", "[0]"]
    assert [row["aborted"] for row in rows] == [None, None, None, 1]
    assert [row["first_byte_ms"] is None for row in rows] == [False, False, True, False]


def test_items_that_the_generator_changes_are_recorded_as_they_were_yielded(
    decorate, store, read_rows
):
    """Some reuse one object for all their items."""

    @decorate
    def growing(n):
        row = []
        for number in range(n):
            row.append(number)
            yield row

    assert len(list(growing(3))) == 3
    (row,) = recorded(store, read_rows)
    assert row["response_body"] == "[[0],[0,1],[0,1,2]]"


@pytest.mark.parametrize("item", ["0123456789", {"a": 1}, b"0123456789", None])
@pytest.mark.parametrize("count", [1, 10_000])
def test_the_items_of_a_generator_are_kept_up_to_the_limit(item, count, store, read_rows):
    """It may yield without end, and its items may be large; all their bytes are counted."""
    limit = 1000
    options = {"store": store, "analyze": False, "max_body_bytes": limit}

    @CaptureDecorator("m", "", options)
    def many():
        for _ in range(count):
            yield item

    assert sum(1 for _ in many()) == count
    (row,) = recorded(store, read_rows)
    whole = item * count if isinstance(item, str) else as_json([item] * count)
    assert row["response_body"] == whole[:limit]
    assert row["response_bytes"] == len(whole)
    assert row["response_truncated"] == (1 if len(whole) > limit else None)


def test_the_items_of_a_generator_are_released(decorate):
    """Large ones must not stay in memory until it ends."""

    class Item:
        def to_list(self):
            return []

    references = []

    @decorate
    def each():
        for _ in range(10):
            item = Item()
            references.append(weakref.ref(item))
            yield item

    alive = [sum(item() is not None for item in references) for _ in each()]
    assert max(alive) <= 2  # those of the loops here and in the generator


@pytest.mark.parametrize(
    ("items", "body"),
    [
        (["a", "b"], "ab"),
        (["a", 1], '["a",1]'),
        ([1, "a"], '[1,"a"]'),
        ([""], None),
        ([], "[]"),
        (["a", object()], None),
        (["\ud800", 1], None),
        ([object(), "a"], None),
    ],
    ids=["texts", "text first", "text last", "empty", "none", "odd last", "surrogate", "odd first"],
)
def test_the_body_of_a_generator_is_a_text_or_a_list(items, body, decorate, store, read_rows):
    """One item that has no JSON form leaves the response out."""

    @decorate
    def each():
        yield from items

    assert list(each()) == items
    (row,) = recorded(store, read_rows)
    assert row["response_body"] == body


def as_json(value):
    """Return the JSON of a list, in which bytes are in base64."""
    return msgspec.json.encode(value).decode()


def test_the_last_id_is_that_of_the_call_or_none_if_left_out(store, read_rows):
    taken = CaptureDecorator("m", "named", {"store": store, "analyze": False})(lambda x: x)
    left_out = CaptureDecorator("m", "", {"store": store, "disabled": True})(lambda x: x)
    taken(1)
    (row,) = recorded(store, read_rows)
    assert (row["id"], row["path"]) == (LAST_ID.get(), "named")
    assert left_out(1) == 1 and LAST_ID.get() is None


def test_an_invalid_option_fails_at_the_decorator(store):
    with pytest.raises(ConfigError, match="sample_rate"):
        CaptureDecorator("m", "", {"store": store, "sample_rate": 2})


@pytest.mark.parametrize(
    "function",
    [
        lambda: None,
        lambda a, b=2: None,
        lambda a, b=2, *, c=3: None,
        lambda a, *, c: None,
        lambda a, *rest, c=1: None,
        lambda a, /, b: None,
        lambda a, **more: None,
    ],
    ids=lambda function: str(inspect.signature(function)),
)
def test_arguments_are_those_that_the_signature_binds(function):
    """In the same order, and with the same errors."""
    signature = inspect.signature(function)
    arguments = Arguments(signature)
    names = [chosen for size in range(4) for chosen in itertools.combinations("abcx", size)]
    for count, chosen in itertools.product(range(4), names):
        args, kwargs = tuple(range(count)), dict.fromkeys(chosen, "given")
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            with pytest.raises(TypeError) as raised:
                arguments.by_name(args, kwargs)
            assert str(raised.value) == str(error)
        else:
            bound.apply_defaults()
            assert list(arguments.by_name(args, kwargs).items()) == list(bound.arguments.items())
