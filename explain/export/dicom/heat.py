"""The evidence as a parametric map: logits a cell, as float, at each pixel of the film."""

import highdicom as hd
import numpy as np
from jaxtyping import Float
from pydicom.sr.codedict import codes
from pydicom.valuerep import format_number_as_ds

from explain.export.case import ExportedCase
from explain.export.dicom.codes import HEAT
from explain.export.dicom.series import pixel_size, private_codes, series, stand_in
from model.inputs import Origin


def heat_map(case: ExportedCase, origin: Origin, heat: Float[np.ndarray, "rows columns"]) -> hd.pm.ParametricMap:
    """A map whose stored values are the real ones. It is shown from 0 to what is full on the page's colour scale, so
    that a weak map looks weak.

    Args:
        heat: at the pixels of the film as stored.
    """
    full = float(max(case.scale, heat.max()))
    film = stand_in(origin)
    # A map must lie somewhere (PS3.3 A.75): in a space of its own, the plane of the film. What it says of the film
    # stands in its reference to the film, pixel by pixel.
    film.FrameOfReferenceUID, film.ImagePositionPatient = hd.UID(), [0, 0, 0]
    film.ImageOrientationPatient, film.SliceThickness = [1, 0, 0, 0, 1, 0], None
    film.PixelSpacing = [format_number_as_ds(side) for side in pixel_size(origin)]
    return hd.pm.ParametricMap(
        source_images=[film],
        pixel_array=heat.astype(np.float32),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            hd.pm.RealWorldValueMapping(
                lut_label="HEAT",
                lut_explanation="Evidence for the finding, in logits a cell of the map"[:64],
                unit=codes.UCUM.NoUnits,
                value_range=(0.0, full),
                slope=1.0,
                intercept=0.0,
                quantity_definition=HEAT,
            )
        ],
        voi_lut_transformations=[
            hd.VOILUTTransformation(
                window_center=case.scale / 2,
                window_width=case.scale,
                voi_lut_function=hd.VOILUTFunctionValues.LINEAR_EXACT,  # no other may be as narrow
            )
        ],
        content_label="HEATMAP",  # some viewers show no other
        content_description=f"Evidence for {case.finding}, {case.image_method}"[:64],
        content_qualification=hd.ContentQualificationValues.RESEARCH,
        coding_schemes=private_codes(),
        **series("heat", f"evidence for {case.finding}", case),
    )
