"""A picture for whoever reads nothing else: the film with its heat, what it means, and that it is not for diagnosis."""

import highdicom as hd
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from explain.every_beta.overlay import colours, overlay
from explain.export.case import ExportedCase
from explain.export.dicom.series import NAME, RESEARCH, private_codes, series, stand_in
from model.inputs import Origin

SIDE = 1024  # pixels of the film's longer side
NARROWEST = 640  # pixels, so that the words below have room
LETTER = 20  # pixels
WARNING = "NOT FOR DIAGNOSIS"
WHITE, LIGHT, AMBER = (255, 255, 255), (0, 255, 255), (255, 191, 0)


def secondary_capture(case: ExportedCase, origin: Origin) -> hd.sc.SCImage:
    """The picture as a secondary capture in colour."""
    made = hd.sc.SCImage.from_ref_dataset(
        ref_dataset=stand_in(origin),
        pixel_array=picture(case),
        photometric_interpretation=hd.PhotometricInterpretationValues.RGB,
        bits_allocated=8,
        coordinate_system=hd.CoordinateSystemNames.PATIENT,
        patient_orientation=("L", "F"),  # highdicom asks for one; `stamp_picture` has the film's
        coding_schemes=private_codes(),
        **series("capture", f"{case.finding}, not for diagnosis", case),
    )
    if origin.burned_in in ("YES", "NO"):
        made.BurnedInAnnotation = origin.burned_in  # whether the film itself names somebody
    made.DerivationDescription = f"{case.image_method} over the film. {RESEARCH}."
    made.LossyImageCompression = "00"
    for element in origin.lossy:
        made.add(element)
    film = Dataset()
    film.ReferencedSOPClassUID, film.ReferencedSOPInstanceUID = origin.sop_class, origin.instance
    made.SourceImageSequence = [film]
    return made


def picture(case: ExportedCase) -> UInt8[np.ndarray, "height width 3"]:
    """The film with heat and outline over it, a warning burnt into it, and a legend below it."""
    height, width = case.pixels.shape
    scale = SIDE / max(height, width)
    height, width = max(1, round(height * scale)), max(1, round(width * scale))
    grey = Image.fromarray(np.round(case.pixels.clip(0, 1) * 255).astype(np.uint8))
    grey = np.asarray(grey.resize((width, height), Image.Resampling.LANCZOS), np.float32) / 255
    heat = case.heat(height, width)
    film = Image.fromarray(overlay(grey, heat, case.scale))
    drawing = ImageDraw.Draw(film)
    for line in case.outline(heat).lines:
        drawing.line([tuple(point) for point in (line - 0.5).tolist()], LIGHT, 2)
    sheet = _with_legend(case, film)
    _warn(ImageDraw.Draw(sheet), sheet.width)
    return np.asarray(sheet)


def _with_legend(case: ExportedCase, film: Image.Image) -> Image.Image:
    """The film above a legend of as many lines as it takes."""
    width, font = max(film.width, NARROWEST), ImageFont.load_default(LETTER)
    lines = [line for text in _said(case) for line in _wrapped(text, font, width - 2 * LETTER)]
    rows = len(lines) + 3  # below a scale with its numbers
    sheet = Image.new("RGB", (width, film.height + rows * LETTER * 3 // 2))
    sheet.paste(film, ((width - film.width) // 2, 0))
    drawing, at = ImageDraw.Draw(sheet), film.height + LETTER // 2
    bar = Image.fromarray(np.round(colours()[None]).astype(np.uint8)).resize((width - 2 * LETTER, LETTER))
    sheet.paste(bar, (LETTER, at))
    at += LETTER * 3 // 2
    for share, anchor in ((0, "la"), (0.5, "ma"), (1, "ra")):
        place = LETTER + share * (width - 2 * LETTER), at
        drawing.text(place, f"{share * case.scale:.2g}", WHITE, font, anchor)
    for line in lines:
        at += LETTER * 3 // 2
        drawing.text((LETTER, at), line, AMBER if line.startswith(WARNING) else WHITE, font)
    return sheet


def _said(case: ExportedCase) -> list[str]:
    """What stands below the film, in sentences."""
    found = case.explained
    decision = "cannot tell" if found.present is None else "present" if found.present else "absent"
    said = [f"{WARNING}. Research use; not a medical device."]
    said += [f"Cannot tell: {'; '.join(case.cannot_tell)}."] if case.cannot_tell else []
    said += case.unasked
    said.append(
        f"{found.name}: {decision} (probability {found.probability:.3f}, image weighs {case.beta:.2f} of the decision)"
    )
    said.append(f"Colour: {case.image_method}, logits a cell. Line: {case.level:.2g} and above.")
    said.append(f"{NAME} {case.version}, model {case.model[:12]}")
    return said


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _warn(drawing: ImageDraw.ImageDraw, width: int) -> None:
    """The warning in the film itself, where cutting the legend off leaves it."""
    font = ImageFont.load_default(LETTER)
    place = width / 2, LETTER // 2
    left, top, right, bottom = drawing.textbbox(place, WARNING, font, "ma")
    drawing.rectangle((left - 4, top - 4, right + 4, bottom + 4), (0, 0, 0))
    drawing.text(place, WARNING, AMBER, font, "ma")
