"""A table is measured under the names of a model, or not at all."""

import unicodedata

import pytest

from model.config import MULTI_LABEL, SINGLE_LABEL, Config
from model.errors import StudyTableError
from model.studies.finding_names import named_for
from model.studies.opening import open_studies

MULTI = Config(findings=("Effusion", "Lung Opacity", "Ödem"), problem_type=MULTI_LABEL)
SINGLE = Config(findings=("COVID-19", "No finding"), problem_type=SINGLE_LABEL)


@pytest.fixture
def table(tmp_path):
    def write(*labels):
        rows = "".join(f"{i},,Clear.,{label}\n" for i, label in enumerate(labels))
        (tmp_path / "studies.csv").write_text(f"study_id,image,report,label\n{rows}")
        return open_studies(tmp_path / "studies.csv")

    return write


def labels(table) -> list[set[str]]:
    return [set(s.labels) for s in table.studies]


def test_other_spellings_are_the_models_and_are_said(table):
    found = named_for(table("effusion", "lung_opacity|EFFUSION", unicodedata.normalize("NFD", "Ödem"), ""), MULTI)
    assert labels(found) == [{"Effusion"}, {"Lung Opacity", "Effusion"}, {"Ödem"}, set()]
    assert found.findings == MULTI.findings
    assert "the finding 'lung_opacity' is read as the model's 'Lung Opacity'" in " ".join(found.warnings())


def test_a_table_in_the_models_names_is_left_as_it_is(table):
    same = table("Effusion", "", "Effusion|Ödem")
    assert named_for(same, MULTI) is same


def test_no_finding_is_what_the_model_has_for_it(table):
    assert labels(named_for(table("No Finding", "Effusion", "no finding"), MULTI)) == [set(), {"Effusion"}, set()]
    assert labels(named_for(table("|", "covid 19"), SINGLE)) == [{"No finding"}, {"COVID-19"}]


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("Effusions", "Line 3 of studies.csv names the finding 'Effusions'.* nearest that is known is 'Effusion'"),
        ("Scoliosis", "'Scoliosis'.* known are Effusion, Lung Opacity, Ödem"),
        ("Effusion|Scoliosis", "'Scoliosis'"),
    ],
)
def test_a_finding_that_is_unknown_is_refused_with_its_line_and_the_nearest(table, label, says):
    with pytest.raises(StudyTableError, match=says):
        named_for(table("Effusion", label), MULTI)
