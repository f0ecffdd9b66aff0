"""What passes is said in one place."""

from explain.trust.pass_marks import passed, passed_over_cases


def test_at_its_mark_a_test_passes_and_short_of_it_it_does_not():
    at = {
        "completeness_error": 0.01, "points_inside": True, "heat_concentration": 2.0, "heat_in_lungs": 1.0,
        "top_word_states": True, "rank_percentile": 0.6, "stability": 0.7, "sanity": 0.3,
        "deletion": {"passed": 2, "of": 3, "holds": True}, "insertion": {"passed": 1, "of": 1, "holds": True},
    }  # fmt: skip
    short = {
        "completeness_error": 0.0101, "points_inside": False, "heat_concentration": 1.99, "heat_in_lungs": 0.99,
        "top_word_states": False, "rank_percentile": 0.599, "stability": float("nan"), "sanity": 0.301,
        "deletion": {"passed": 1, "of": 3, "holds": False}, "insertion": {"passed": 0, "of": 1, "holds": False},
    }  # fmt: skip
    assert passed(at) == dict.fromkeys(at, True)
    assert passed(short) == dict.fromkeys(short, False)


def test_of_what_was_not_tested_nothing_is_said():
    assert passed({"sanity": 0.1, "areas": {}, "sanity_spread": 0.2}) == {"sanity": True}


def test_over_cases_a_share_of_them_is_enough_where_one_is_yes_or_no():
    figures = {"points_inside": 0.5, "top_word_states": 0.49, "stability": 0.71, "sanity": None, "deletion": None}
    assert passed_over_cases(figures) == {"points_inside": True, "top_word_states": False, "stability": True}
