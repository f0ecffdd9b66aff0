"""Codes and sentences of reports. The sentences here are made up."""

import stat

import pytest

from model.studies.demo.reports import FINDINGS, Report, Statement, agrees, load_reports, read_code, stating_sentences


@pytest.mark.parametrize(
    ("code", "finding", "site", "side", "severity"),
    [
        ("Opacity/lung/base/left/mild", "Lung Opacity", "base", "left", "mild"),
        ("Airspace Disease/lung/middle lobe/right/patchy", "Lung Opacity", "middle lobe", "right", ""),
        ("Infiltrate/lung/lingula", "Lung Opacity", "lingula", "left", ""),  # the lingula is part of the left lung
        ("Cardiomegaly/moderate", "Cardiomegaly", "", "", "moderate"),
        ("Pleural Effusion/bilateral/small", "Effusion", "", "bilateral", "small"),
        ("Pneumothorax/apex/right/large", "Pneumothorax", "apex", "right", "large"),
        ("Pulmonary Atelectasis/base/left", "Atelectasis", "base", "left", ""),
        ("Lung/hyperdistention/mild", "Emphysema", "", "", "mild"),
        ("Pulmonary Congestion", "Edema", "", "", ""),
        ("Nodule/lung/upper lobe/left", "Nodule", "upper lobe", "left", ""),
    ],
)
def test_a_code_gives_finding_site_side_and_severity(code, finding, site, side, severity):
    (statement,) = read_code(code)
    assert statement[:4] == (finding, site, side, severity)


@pytest.mark.parametrize(
    "code",
    [
        "normal",
        "Pericardial Effusion/large",
        "Subcutaneous Emphysema/thorax/left",
        "Calcified Granuloma/spleen",
        "Density/ribs/left/anterior",
        "Mass/breast/large",
        "Lung/hypoinflation",
        "Granulomatous Disease",
    ],
)
def test_what_is_no_finding_in_the_lung_or_heart_is_not_read(code):
    assert read_code(code) == ()


def test_one_code_may_give_two_findings():
    assert {s.finding for s in read_code("Hydropneumothorax/right")} == {"Effusion", "Pneumothorax"}


def test_traits_tell_a_calcified_from_a_soft_nodule():
    assert read_code("Calcified Granuloma/lung/base/right")[0].traits == {"calcified"}
    assert read_code("Nodule/lung/base/right") == (Statement("Nodule", "base", "right"),)


def stated(text: str) -> dict[str, list[str]]:
    return {f: [text[a:b] for a, b in spans] for f, spans in stating_sentences(text).items()}


def test_the_sentence_that_states_a_finding_is_found():
    text = "The heart is normal in size. There is a small left pleural effusion. No pneumothorax."
    assert stated(text) == {"Effusion": ["There is a small left pleural effusion."]}


@pytest.mark.parametrize(
    "text",
    [
        "No focal consolidation, pneumothorax, or pleural effusion.",
        "The lungs are clear without nodule or mass.",
        "Negative for edema.",
        "The lungs are free of infiltrate and atelectasis.",
        "Pleural effusion is not seen.",
        "The opacity has resolved.",
        "Heart size is normal. Subcutaneous emphysema.",
        "Large pericardial effusion.",
    ],
)
def test_what_is_denied_or_lies_elsewhere_is_not_stated(text):
    assert stated(text) == {}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("No effusion, but there is a basilar opacity.", "Lung Opacity"),
        ("No significant change in right pneumothorax.", "Pneumothorax"),
        ("The cardiac silhouette is mildly enlarged.", "Cardiomegaly"),
        ("Borderline heart size.", "Cardiomegaly"),
        ("The lungs are hyperexpanded.", "Emphysema"),
        ("Calcified granuloma in the right base.", "Nodule"),
    ],
)
def test_a_negation_ends_with_its_clause(text, finding):
    assert stated(text) == {finding: [text]}


def test_codes_and_text_must_name_the_same_findings():
    assert agrees(Report("x", "Left basilar opacity.", ("Opacity/lung/base/left",)))
    assert not agrees(Report("x", "The lungs are clear.", ("Opacity/lung/base/left",)))
    assert not agrees(Report("x", "Left basilar opacity.", ("normal",)))


def test_the_installed_collection_is_read():
    reports = load_reports()
    assert len(reports) > 3800
    assert all(r.text == " ".join(r.text.split()) != "" for r in reports.values())
    assert {f for r in reports.values() for f in r.findings} == set(FINDINGS)


def test_the_parsed_collection_is_kept_for_its_owner_alone_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parsed = load_reports.__wrapped__()
    (kept,) = (tmp_path / "betalens").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    monkeypatch.setattr(
        "model.studies.demo.reports.archived_reports", lambda archive: pytest.fail("it was parsed again")
    )
    assert load_reports.__wrapped__() == parsed
