"""Stories beside a table: read, refused in one sentence, and told of the model of which they are true alone."""

import json

import pytest

from model.config import Config
from model.errors import StudyTableError
from model.studies.finding_names import named_for
from model.studies.opening import open_studies

TABLE = """study_id,report,image,label
a,A small effusion.,,effusion
b,A nodule.,,Nodule
c,The lungs are clear.,,
"""


def story(**fields) -> dict:
    return {"kind": "negation", "study": "a", "finding": "effusion", "beta": 0.5} | fields


@pytest.fixture
def opened(tmp_path):
    (tmp_path / "studies.csv").write_text(TABLE)

    def open_with(*stories: dict, **more):
        (tmp_path / "stories.json").write_text(json.dumps({"stories": stories} | more))
        return open_studies(tmp_path / "studies.csv")

    return open_with


def test_a_table_without_the_file_has_none(tmp_path):
    (tmp_path / "studies.csv").write_text(TABLE)
    table = open_studies(tmp_path / "studies.csv")
    assert table.stories.stories == ()
    assert table.stories.opening("any") is None


def test_stories_are_told_in_their_order_and_the_page_opens_on_one_that_flips_near(opened):
    table = opened(story(), story(study="b", flip=0.9), story(study="b", finding="Nodule", beta=0.8, flip=0.9))
    assert [s.study for s in table.stories.stories] == ["a", "b", "b"]
    assert table.stories.opening("any").finding == "Nodule"
    assert opened(story(), story(study="b", flip=0.9)).stories.opening("any").study == "a"  # none flips near


def test_the_stories_of_one_model_are_told_under_no_other(opened):
    stories = opened(story(), checkpoint="abc").stories
    assert stories.opening("abc").study == "a"
    assert stories.opening("def") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"study": "z"}, "story 2 names the study 'z', which the table lacks"),
        ({"finding": "Oedema"}, "story 2 names the finding 'Oedema', which the table lacks"),
        ({"beta": 1.2}, "story 2: beta: input should be less than or equal to 1"),
        ({"beta": "<b>"}, "story 2: beta: input should be a valid number"),
        ({"kind": "<b>"}, "story 2: kind: input should be 'report_saw'"),
        ({"colour": "<b>"}, "story 2: colour: extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_sentence(opened, wrong, said):
    with pytest.raises(StudyTableError) as error:
        opened(story(), story(**wrong))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "<b>" not in str(error.value)


def test_what_is_no_json_is_refused(opened, tmp_path):
    opened()
    (tmp_path / "stories.json").write_text("{")
    with pytest.raises(StudyTableError, match=r"^stories.json, the file: invalid JSON"):
        open_studies(tmp_path / "studies.csv")


def test_findings_are_told_under_the_models_names(opened):
    table = opened(story(), story(study="b", finding="Nodule"))
    named = named_for(table, Config(findings=("Effusion", "Nodule")))
    assert [s.finding for s in named.stories.stories] == ["Effusion", "Nodule"]
