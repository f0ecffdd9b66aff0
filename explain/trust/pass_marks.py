"""From where on a test of one explanation speaks for it: what page and programs call passed.

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


def passed(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each test passes of which `Trust.figures` has a value."""
    return {
        **{name: figures[name] >= mark for name, mark in LEAST.items() if name in figures},
        **{name: figures[name] <= mark for name, mark in MOST.items() if name in figures},
        **{name: figures[name]["holds"] for name in ("deletion", "insertion") if name in figures},
    }
