"""From where on a test speaks for an explanation, or over cases for a method: what page and programs call passed.

The marks are conventions of this project, stated so that they can be disputed; no paper fixes them. Deletion and
insertion have none of their own: they hold where two of three baselines agree (`explain.trust.faithfulness`).
"""

from typing import Any

LEAST = {
    "points_inside": 1.0,
    "heat_concentration": 2.0,  # times the share of the film that the finding has
    "heat_in_lungs": 1.0,
    "top_word_states": 1.0,
    "rank_percentile": 0.6,  # 0.5 is chance
    "stability": 0.7,
}
MOST = {
    "completeness_error": 0.01,  # of what the scores should add up to
    "sanity": 0.3,  # mean size of the rank correlation with random networks
}
# Over cases, what is yes or no of one is a share of them.
LEAST_OVER_CASES = LEAST | {"points_inside": 0.5, "top_word_states": 0.5}


def passed(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each test passes of which `Trust.figures` has a value."""
    return _passed(figures, LEAST)


def passed_over_cases(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether a method passes each test of which `over_cases` has a mean, or a verdict, that is not None."""
    return _passed({name: value for name, value in figures.items() if value is not None}, LEAST_OVER_CASES)


def _passed(figures: dict[str, Any], least: dict[str, float]) -> dict[str, bool]:
    return {
        **{name: figures[name] >= mark for name, mark in least.items() if name in figures},
        **{name: figures[name] <= mark for name, mark in MOST.items() if name in figures},
        **{name: figures[name]["holds"] for name in ("deletion", "insertion") if name in figures},
    }
