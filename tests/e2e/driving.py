"""What the browser tests do to the page."""

import io

import numpy as np
from playwright.sync_api import Page
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

# Milliseconds. What explains is nice to all else, so that it waits where other tests keep every core busy.
EXACT_LIMIT = 270_000
PIXELS = "() => document.querySelector('.bl-film-canvas').toDataURL()"
STAGE = "#bl-stage .bl-widget"
VISITED = "localStorage.setItem('betalens.visited', 'yes')"  # before whom the slider does not sweep any more
NAMELESS = f"sessionStorage.setItem('betalens.reviewer', ''); {VISITED}"  # who was asked for a name, and gave none


def with_module(page: Page, path: str, expression: str):
    """The value of a JavaScript expression in which `m` is one of the page's own modules, as "lib/events.js"."""
    entry = "document.querySelector('script[src*=\"betalens/js/\"]').src"
    return page.evaluate(f"import(new URL('./{path}', {entry}).href).then((m) => {expression})")


def beta_of(page: Page):
    return page.locator(".bl-beta input[type=range]")


def move_beta(page: Page, steps: int) -> None:
    """As an arrow key held down."""
    beta_of(page).focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def numbers(page: Page) -> list[str]:
    return page.locator(".bl-bar-value").all_inner_texts()


def report_box(page: Page):
    """Where a report is typed, unfolded."""
    box = page.locator(".bl-report textarea")
    if not box.is_visible():
        page.locator(".bl-given > button").click()
    return box


def upload(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator(".bl-upload input[type=file]").set_input_files(file)


def dicom() -> bytes:
    """A 12-bit MONOCHROME1 film of a bright disc."""
    y, x = np.mgrid[:240, :200]
    disc = (((y - 120) ** 2 + (x - 100) ** 2) < 60**2) * 2400 + 600 + (x % 17) * 10
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    film = Dataset()
    film.file_meta = meta
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.Rows, film.Columns, film.SamplesPerPixel, film.PhotometricInterpretation = 240, 200, 1, "MONOCHROME1"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    film.WindowCenter, film.WindowWidth = 1800, 3000
    film.PixelData = disc.astype(np.uint16).tobytes()
    buffer = io.BytesIO()
    film.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def wait_for_exact(page: Page) -> None:
    """Until the exact tier of the case on the stage is there."""
    page.wait_for_selector("[data-tier=exact]", timeout=EXACT_LIMIT)


def reload(page: Page) -> None:
    """Load the page again, as a person does, and wait for its case."""
    page.reload()
    wait_for_exact(page)
