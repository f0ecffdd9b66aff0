"""What is no frontal radiograph of a chest that hangs as it is read, as import leaves it out."""

from model.importing.record import NOT_FRONTAL, ExclusionReason
from model.inputs import Contradiction

_SEEN = {
    "other": (ExclusionReason.PART, "it does not look like a radiograph of a chest"),
    "lateral": (ExclusionReason.VIEW, "it looks like a lateral view"),
    "upside_down": (ExclusionReason.HANGING, "it looks upside down"),
    "turned": (ExclusionReason.HANGING, "it looks turned by 90°"),
    "inverted": (ExclusionReason.HANGING, "it looks like a negative"),
}


def unfit_by_header(found: Contradiction | None) -> tuple[ExclusionReason, str] | None:
    """The reason that a header gives, and its sentence; None where it gives none."""
    if found is None:
        return None
    kind, named = found
    if kind == "modality":
        return ExclusionReason.MODALITY, f"its Modality is {named or 'none of radiography'}"
    if kind == "part":
        return ExclusionReason.PART, f"its BodyPartExamined is {named or 'another than the chest'}"
    if kind == "view":
        return ExclusionReason.VIEW, NOT_FRONTAL
    return ExclusionReason.HANGING, "by its PatientOrientation it does not hang as a chest is read"


def unfit_by_pixels(kind: str) -> tuple[ExclusionReason, str] | None:
    """The reason that the pixels give, and its sentence; None where they give none.

    Args:
        kind: of `model.view.View`, which is not imported here: it waits for PyTorch.
    """
    return _SEEN.get(kind)


def doubt_by_pixels(kind: str) -> str:
    """What is to be looked at of a film that is kept: where the heart does not show, pixels do not tell a film from its
    mirror image. "" where nothing is."""
    return "it looks like a mirror image: see on which side the heart lies" if kind == "mirrored" else ""
