"""The committed reference pages are what the code gives now."""

import pytest

from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from docs.site import reference
from docs.site.markdown import between, code, table
from model.feedback import FeedbackStore
from model.studies.opening import open_studies


@pytest.fixture(scope="module")
def written(engine, tmp_path_factory) -> dict[str, str]:
    """What a server says of itself depends neither on its model nor on its studies."""
    app = make_app(ModelRegistry(engine, open_studies(None)), FeedbackStore(tmp_path_factory.mktemp("flags")))
    return reference.pages(app.openapi())


def test_every_generated_page_is_committed_as_the_code_has_it(written):
    stale = [name for name, text in written.items() if (reference.FOLDER / name).read_text("utf-8") != text]
    assert stale == [], "run `make docs`, and commit what it wrote"


def test_only_the_glossary_is_written_by_hand(written):
    assert {path.name for path in reference.FOLDER.iterdir()} == {*written, "glossary.md"}


def test_every_option_field_and_column_says_what_it_is(written):
    for name, least in (("cli.md", 30), ("config.md", 30), ("flags-csv.md", 15)):
        rows = [line for line in written[name].splitlines() if line.startswith("| `")]
        assert len(rows) > least
        assert [row for row in rows if row.endswith("|  |")] == []


def test_a_table_is_one_whatever_is_in_its_cells():
    assert table(("a", "b"), [("x|y", "1\n2")]).splitlines() == ["| a | b |", "| --- | --- |", "| x\\|y | 1 2 |"]
    assert table(("a",), []) == ""


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(None, None, ""), (0, None, "at least 0"), (None, 9, "at most 9"), (0, 65535, "0 to 65,535"), (4, 4, "4")],
)
def test_bounds_are_said_in_words(low, high, said):
    assert between(low, high) == said


def test_values_are_code_and_nothing_is_said_to_be_nothing():
    assert (code((4, 6)), code("x"), code("")) == ("`[4, 6]`", "`x`", "empty")
