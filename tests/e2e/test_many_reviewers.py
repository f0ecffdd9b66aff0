"""Fifty reviewers at once, over HTTP, on a server of their own. What it costs is measured in benchmarks/."""

from collections import Counter

import pytest
from feedback_store import judge, served

from model.feedback import FeedbackStore

USERS, FLAGS = 50, 20


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_flag_of_fifty_reviewers_is_saved_once(tmp_path):
    with served(tmp_path) as url:
        assert len(judge(url, USERS, FLAGS)) == USERS * FLAGS
    rows = Counter((flag.reviewer, flag.comment) for flag in FeedbackStore(tmp_path).rows())
    assert rows == Counter((f"user {user}", f"{number}") for user in range(USERS) for number in range(FLAGS))
