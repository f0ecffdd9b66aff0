"""Figures of which some are undefined, as programs and people read them."""

from typing import Any

import numpy as np

NOT_DEFINED = "not defined"  # what a person reads where a program reads null


def json_numbers(values: Any, decimals: int = 4) -> Any:
    """Numbers for JSON: rounded, None where they are NaN or None already. Of an array, lists with its axes."""
    if np.ndim(values):
        return [json_numbers(value, decimals) for value in values]
    return None if values is None or np.isnan(values) else round(float(values), decimals)


def shown(value: float | None, sign: str = "") -> str:
    """A figure as a person reads it.

    Args:
        sign: "+" for a difference.
    """
    return NOT_DEFINED if value is None or np.isnan(value) else f"{value:{sign}.3f}"


def interval_shown(low: float | None, high: float | None, sign: str = "") -> str:
    """The interval of a figure that is defined. A narrow one gets the digits that it takes."""
    if low is None or high is None or np.isnan(low):
        return "no interval"
    digits = 3
    while digits < 6 and f"{low:{sign}.{digits}f}" == f"{high:{sign}.{digits}f}":
        digits += 1
    return (" … " if sign else "–").join(f"{bound:{sign}.{digits}f}" for bound in (low, high))


def p_shown(p: float) -> str:
    """A p-value as a person reads it; "" where nothing is said of chance. Rounding leaves it on its side of 0.05, which
    the interval beside it goes by."""
    if np.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else "< 0.05" if 0.0495 <= p < 0.05 else f"{p:.3f}"
