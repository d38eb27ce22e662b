"""Numbers, plurals, percentages and probabilities, formatted for people."""

from __future__ import annotations


def number(value: float) -> str:
    """Format a number with three or four significant digits.

    >>> number(1234.5), number(0.01234), number(14.66)
    ('1,234', '0.0123', '14.7')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(fraction: float) -> str:
    """Format a fraction as a percentage.

    >>> percent(0.0192), percent(0.5)
    ('1.9 %', '50 %')
    """
    return f"{fraction * 100:.2g} %" if fraction < 0.1 else f"{fraction * 100:.0f} %"


def shortened(text: str, characters: int) -> str:
    """Return a text of at most `characters`, cut with an ellipsis.

    >>> shortened("departure_delay", 9), shortened("mae", 9)
    ('departur…', 'mae')
    """
    return text if len(text) <= characters else text[: characters - 1] + "…"


def plural(count: int, noun: str) -> str:
    """Format a count with its noun.

    >>> plural(1, "row"), plural(2000, "broken line")
    ('1 row', '2,000 broken lines')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def byte_size(count: int) -> str:
    """Format a number of bytes: kB below a megabyte, MB below a gigabyte, GB above.

    >>> byte_size(98_304), byte_size(1_234_567), byte_size(2_500_000_000)
    ('98 kB', '1.2 MB', '2.5 GB')
    """
    if count < 1e6:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"


def chance(p_value: float) -> str:
    """Format a p-value as one in a number of windows.

    >>> chance(0.02), chance(1e-9)
    ('1 in 50 windows', 'under 1 in 1,000,000 windows')
    """
    if p_value < 1e-6:
        return "under 1 in 1,000,000 windows"
    return f"1 in {plural(round(1 / p_value), 'window')}"
