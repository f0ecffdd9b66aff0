"""The answer on a film goes back to an archive: Export DICOM, and what the browser then has."""

import zipfile

import pydicom
from archived import PATIENT, PLACE, film_file
from e2e.driving import EXACT_LIMIT, STAGE, dicom, upload
from playwright.sync_api import Page, expect

BUTTON = ".bl-dicom"


def wait_for_film(page: Page) -> None:
    page.wait_for_selector(f'{STAGE}[data-case^="film-"][data-tier=exact]', timeout=EXACT_LIMIT)


def test_a_film_that_was_sent_as_dicom_is_exported_into_its_study(page: Page, tmp_path):
    expect(page.locator(BUTTON)).to_be_hidden()  # a study of the table
    upload(page, "film.dcm", film_file())
    wait_for_film(page)
    with page.expect_download(timeout=EXACT_LIMIT) as download:
        page.locator(BUTTON).click()
    case = page.locator(STAGE).get_attribute("data-case")
    assert download.value.suggested_filename == f"{case}-dicom.zip"
    download.value.save_as(tmp_path / "sent.zip")
    with zipfile.ZipFile(tmp_path / "sent.zip") as archive:
        archive.extractall(tmp_path)
    found = {path.name: pydicom.dcmread(path) for path in tmp_path.glob("*.dcm")}
    assert {"report.dcm", "heat.dcm", "capture.dcm"} <= set(found)
    for one in found.values():
        assert (one.PatientName, one.StudyInstanceUID) == (PATIENT["PatientName"], PLACE["StudyInstanceUID"])
    expect(page.locator(BUTTON)).to_be_enabled()
    expect(page.locator(".bl-dicom-said")).to_have_text("")


def test_a_film_that_names_no_study_is_refused_in_a_sentence(page: Page):
    upload(page, "film.dcm", dicom())
    wait_for_film(page)
    page.locator(BUTTON).click()
    expect(page.locator(".bl-dicom-said")).to_contain_text("does not say its StudyInstanceUID", timeout=EXACT_LIMIT)
    expect(page.locator(BUTTON)).to_be_enabled()
