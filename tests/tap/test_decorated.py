"""Decorated functions keep their kind and metadata, and each call is one exchange."""

from __future__ import annotations

import inspect
import itertools
import json

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
