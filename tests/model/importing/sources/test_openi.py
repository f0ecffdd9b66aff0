"""The Indiana University collection, in the layout it is published in."""

import shutil
import subprocess
import sys
import tarfile

import pytest
from helpers import reasons

from model.importing.sources.openi import why_not_frontal
from model.studies.demo.reports import archived_reports, packaged_reports, parse_report
from model.studies.opening import open_studies

XML = """<?xml version="1.0" encoding="utf-8"?><eCitation><uId id="CXR{n}"/><MedlineCitation><Article><Abstract>
<AbstractText Label="INDICATION">Cough</AbstractText><AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">{impression}</AbstractText></Abstract></Article></MedlineCitation>
<MeSH>{codes}</MeSH>{images}</eCitation>"""


@pytest.fixture
def write_report(tmp_path):
    def write(n, codes=("normal",), images=(), findings="Clear.", impression="Normal chest.", encoding="utf-8"):
        xml = XML.format(
            n=n,
            findings=findings,
            impression=impression,
            codes="".join(f"<major>{code}</major>" for code in codes),
            images="".join(f'<parentImage id="{image}"/>' for image in images),
        )
        (tmp_path / f"{n}.xml").write_text(xml, encoding=encoding)

    return write


def test_a_radiograph_gets_the_findings_and_impression_of_its_report_and_its_codes(
    tmp_path, write_report, write_film, imported
):
    write_report(9001, ("Pleural Effusion/left/small", "Cardiomegaly"), ["CXR9001_IM-0001-1001"], "Big.", "Effusion.")
    write_report(9002, ("normal",), ["CXR9002_IM-0001-1001", "CXR9002_IM-0001-2001"])
    for i, name in enumerate(("CXR9001_IM-0001-1001", "CXR9002_IM-0001-1001", "CXR9002_IM-0001-2001")):
        write_film(tmp_path / f"{name}.png", i)
    report = imported("openi", tmp_path)
    table = open_studies(tmp_path / "studies.csv")
    assert report.records == report.studies == len(table.studies) == 3
    first = table.by_id("CXR9001_IM-0001-1001")
    assert (first.report, first.labels) == ("Big. Effusion.", {"Cardiomegaly", "Effusion"})
    assert first.image.name == "CXR9001_IM-0001-1001.png"
    assert table.by_id("CXR9002_IM-0001-1001").labels == set()
    assert len({s.patient_id for s in table.studies}) == 2
    assert len({s.split for s in table.studies if s.patient_id == "CXR9002"}) == 1


def test_dicom_files_are_found_by_their_own_names_and_lateral_ones_left_out(
    tmp_path, write_report, write_film, imported
):
    write_report(9001, images=["CXR9001_9001_IM-0001-1001", "CXR9001_IM-0001-2001"])
    write_film(tmp_path / "9001" / "9001_IM-0001-1001.dcm", 1, ViewPosition="PA")
    write_film(tmp_path / "9001" / "9001_IM-0001-2001.dcm", 2, ViewPosition="LL")
    report = imported("openi", tmp_path)
    assert reasons(report) == {"CXR9001_IM-0001-2001": "not a frontal view"}
    assert open_studies(tmp_path / "studies.csv").studies[0].image.name == "9001_IM-0001-1001.dcm"


def test_every_record_is_a_study_or_left_out_with_its_reason(tmp_path, write_report, write_film, imported):
    for n, codes in (
        (9001, ["Opacity/lung"]),
        (9002, ["No Indexing"]),
        (9003, []),
        (9004, ["normal"]),
        (9005, ["normal"]),
    ):
        write_report(n, codes, [f"CXR{n}_IM-0001-1001"])
    write_report(9006)  # names no image
    write_report(9007, images=["CXR9007_IM-0001-1001"], findings="Épanchement", encoding="latin-1")
    for n in (9001, 9002, 9003, 9007):
        write_film(tmp_path / f"CXR{n}_IM-0001-1001.png", n)
    (tmp_path / "CXR9004_IM-0001-1001.png").touch()
    write_film(tmp_path / "stray.png", 0)
    report = imported("openi", tmp_path)
    assert report.studies == 1
    assert report.records == 9
    assert reasons(report) == {
        "CXR9002_IM-0001-1001": "no label",
        "CXR9003_IM-0001-1001": "no label",
        "CXR9004_IM-0001-1001": "unreadable image",
        "CXR9005_IM-0001-1001": "missing image",
        "CXR9006": "missing image",
        "9007.xml": "no usable report",
        "CXR9007_IM-0001-1001.png": "no usable report",
        "stray.png": "no usable report",
    }


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">',
        '<!ENTITY % y SYSTEM "file:///etc/passwd"> %y; <!ENTITY x "z">',
        "".join(f'<!ENTITY x{i} "{f"&x{i - 1};" * 10 if i else "ha"}">' for i in range(10)) + '<!ENTITY x "&x9;">',
    ],
    ids=["a file", "an address", "a file of declarations", "a billion of them"],
)  # fmt: skip
def test_no_entity_of_a_report_is_looked_up_or_multiplied(declared):
    xml = XML.format(n=1, findings="Clear &x; lungs.", impression="", codes="", images="")
    head, body = xml.split("?>", 1)
    try:
        text = parse_report(f"{head}?><!DOCTYPE e [{declared}]>{body}".encode()).text
    except ValueError as error:
        text = str(error)
    assert "root" not in text
    assert len(text) < 100


def test_reports_may_be_the_published_archive_or_those_of_torchxrayvision(tmp_path, write_report, write_film, imported):
    images, reports = tmp_path / "images", tmp_path / "ecgen-radiology"
    write_report(9001, images=["CXR9001_IM-0001-1001"])
    reports.mkdir()
    shutil.move(tmp_path / "9001.xml", reports)
    with tarfile.open(tmp_path / "NLMCXR_reports.tgz", "w:gz") as archive:
        archive.add(reports, "ecgen-radiology")
    write_film(images / "CXR9001_IM-0001-1001.png", 1)
    assert imported("openi", images, tmp_path / "NLMCXR_reports.tgz", tmp_path / "a").studies == 1
    assert imported("openi", images, reports, tmp_path / "b").studies == 1
    write_film(images / "CXR10_IM-0002-1001.png", 2)  # lateral
    write_film(images / "CXR1000_IM-0003-1001.png", 3)
    packaged = imported("openi", images, out=tmp_path / "c")
    assert packaged.studies == 1
    assert packaged.records > 7470
    assert reasons(packaged)["CXR10_IM-0002-1001"] == "not a frontal view"


# In a process of its own: torchxrayvision puts a package of its own named `model` before ours.
TAKEN = """
from torchxrayvision.datasets import Openi_Dataset
dataset = Openi_Dataset(".", use_tsne_derived_view=True, views=["PA"], unique_patients=False)
print(*dataset.csv["imageid"])
"""


@pytest.mark.slow
def test_the_frontal_views_are_those_that_torchxrayvision_takes(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", TAKEN]
    taken = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    named = [image for _, xml in archived_reports(packaged_reports()) for image in parse_report(xml).images]
    assert {image for image in named if why_not_frontal(image) is None} == set(taken)
    assert len(taken) > 3200
