"""Tables as delimited text."""

from __future__ import annotations

import pytest

from modeltap.privacy.limits import Budget, Unmaskable
from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.delimited import masked_table


def masked(text, budget=1000, how="mark"):
    return masked_table(text, SensitiveNames(), Marks(how), Budget(budget))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_cells_of_sensitive_columns_are_masked(delimiter, end):
    rows = [["user", "password", "age"], ["ann", "qz7f", "7"], ["bob", "", "8"]]
    text = end.join(map(delimiter.join, rows)) + end
    assert masked(text) == text.replace("qz7f", MASK)


def test_cells_with_line_breaks_and_delimiters_stay_cells():
    assert masked('a,token\n"x, y","q\nz"\n') == f'a,token\n"x, y",{MASK}\n'


def test_a_truncated_last_row_is_masked_as_far_as_it_goes():
    assert masked("a,token,b\n1,qz7f,2\n3,qz") == f"a,token,b\n1,{MASK},2\n3,{MASK}"
    assert masked("a,token\n1,qz7f", how="drop") == "a,token\n1,"


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "a,token",
        "a,token\n1\n2,3\n",
        '{"token": 1,\n"a": 2}',
        'a,"token\n1',
        "x\ny\n",
        "",
    ],
)
def test_text_without_a_sensitive_column_is_not_such_a_table(text):
    assert masked(text) is None


def test_numbers_of_measures_are_kept_unchanged():
    text = 'age,"session_duration"\n 7,35\n'
    assert masked(text) == text


def test_cells_are_counted():
    with pytest.raises(Unmaskable):
        masked("token,a\n" * 60, budget=100)
