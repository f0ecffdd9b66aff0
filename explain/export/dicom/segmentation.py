"""Where the evidence is strong, as a segmentation of the film."""

import highdicom as hd
import numpy as np

from explain.export.case import ExportedCase
from explain.export.dicom.codes import CATEGORY, finding_code
from explain.export.dicom.series import algorithm, pixel_size, private_codes, series, stand_in
from explain.export.outline import Outline
from model.inputs import Origin


def outline_segmentation(case: ExportedCase, origin: Origin, outline: Outline) -> hd.seg.Segmentation:
    """One segment: the pixels of the film, as stored, at which the heat is at the case's level or above.

    Args:
        outline: of the heat at those pixels; not empty.
    """
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=f"Evidence for {case.finding}"[:64],
        segmented_property_category=CATEGORY,
        segmented_property_type=finding_code(case.finding),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm(case),
        tracking_uid=hd.UID(),
        tracking_id=f"Evidence for {case.finding}"[:64],
    )
    made = hd.seg.Segmentation(
        source_images=[stand_in(origin)],
        pixel_array=outline.mask.astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        content_label="OUTLINE",
        content_description=f"Where the evidence for {case.finding} is strong"[:64],
        coding_schemes=private_codes(),
        **series("outline", f"outline of the evidence for {case.finding}", case),
    )
    # It lies in no frame of reference but on the film's own pixels: how large these are, the film says.
    high, wide = (round(1000 * side / min(pixel_size(origin))) for side in pixel_size(origin))
    if high != wide:
        made.PixelAspectRatio = [high, wide]
    return made
