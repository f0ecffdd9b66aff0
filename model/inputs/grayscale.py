"""From stored values to what a viewer shows: the modality and the VOI transform of PS3.3 C.11, by its formulas."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from model.errors import ImageError
from model.inputs.elements import Elements
from model.inputs.luts import read_lookup_table
from model.inputs.tones import by_rows, histogram, stretch, stretch_table

Transform = Callable[[np.ndarray], np.ndarray]
LARGEST = 1e30  # of a slope or intercept: float32 holds what it makes of 16 bits
PROBES = 2**16  # values that a transform of more than 16 bits is tried on


class Rescale(NamedTuple):
    """C.11.1.1.2."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The modality's values."""
        return values * self.slope + self.intercept if self != Rescale() else values


class Window(NamedTuple):
    """C.11.2.1.2 and C.11.2.1.3, with an output from 0 to 1."""

    centre: float
    width: float
    function: str  #: LINEAR_EXACT, SIGMOID; anything else is LINEAR

    @property
    def usable(self) -> bool:
        """Whether the formula is defined."""
        least = 0 if self.function in ("LINEAR_EXACT", "SIGMOID") else 1
        return np.isfinite(self.centre) and self.width >= least and 0 < self.width < np.inf

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """What is shown of the modality's values."""
        if self.function == "SIGMOID":
            with np.errstate(over="ignore"):  # far from the centre
                return 1 / (1 + np.exp(-4 * (values - self.centre) / self.width))
        if self.function == "LINEAR_EXACT":
            return ((values - self.centre) / self.width + 0.5).clip(0, 1)
        if self.width == 1:
            return (values > self.centre - 0.5).astype(np.float64)
        return ((values - (self.centre - 0.5)) / (self.width - 1) + 0.5).clip(0, 1)


def display(values: np.ndarray, padded: np.ndarray | None, elements: Elements) -> np.ndarray:
    """Stored values to float32 in [0, 1] as a viewer shows them, before any inversion; stretched where there is no
    usable window. What is padded has no say in that.

    Raises:
        ImageError: the modality transform cannot be read.
    """
    if values.dtype.kind == "f" or values.itemsize > 2:
        return _display_wide(values, padded, elements)
    # Each value is transformed once: there are at most 65,536, and an image of 64-bit numbers would not fit.
    low, counts = histogram(values, padded)
    if not len(counts):
        return np.zeros(values.shape, np.float32)
    high = low + len(counts) - 1
    every = np.arange(low, high + 1, dtype=np.int32)
    transformed = _modality(elements, low, high)(every)
    voi = _voi(elements, transformed)
    table = voi(transformed) if voi else stretch_table(transformed.astype(np.float32), counts)
    table = table.astype(np.float32)
    return by_rows(values, lambda rows: table[rows.clip(low, high).astype(np.int32) - low], np.float32)


def _display_wide(values: np.ndarray, padded: np.ndarray | None, elements: Elements) -> np.ndarray:
    """Of floating values, or of 32 bits."""
    counted = values if padded is None else values[~padded]
    if not counted.size:
        return np.zeros(values.shape, np.float32)
    low, high = counted.min().item(), counted.max().item()
    modality = _modality(elements, low, high)
    voi = _voi(elements, modality(np.linspace(low, high, PROBES)))
    shown = by_rows(values, lambda rows: (voi or Rescale())(modality(rows.astype(np.float64))), np.float32)
    return shown if voi else stretch(shown, padded)


def _modality(elements: Elements, low: float, high: float) -> Transform:
    for holder in elements.of_first_frame("PixelValueTransformationSequence"):
        if luts := holder.items("ModalityLUTSequence"):
            return read_lookup_table(luts[0], "LUT", low, high)
        slope, intercept = holder.numbers("RescaleSlope")[:1], holder.numbers("RescaleIntercept")[:1]
        if slope or intercept:
            rescale = Rescale(*(slope or [1.0]), *(intercept or [0.0]))
            if not all(abs(number) < LARGEST for number in rescale):  # nor is it one that is no number
                raise ImageError(
                    "The rescale slope or intercept of the DICOM file is no usable number: export it again."
                )
            if rescale.slope:  # 0 would leave nothing
                return rescale
    return Rescale()


def _voi(elements: Elements, measured: np.ndarray) -> Transform | None:
    """The first transform that shows something of the values; a malformed one must not keep good pixels from being
    seen."""
    for holder in elements.of_first_frame("FrameVOILUTSequence"):
        for voi in _vois(holder, measured):
            shown = voi(measured)
            if shown.min() < shown.max():
                return voi
    return None


def _vois(holder: Elements, measured: np.ndarray) -> list[Transform]:
    found: list[Transform] = []
    for lut in holder.items("VOILUTSequence")[:1]:
        try:
            found.append(read_lookup_table(lut, "LUT", measured.min(), measured.max()).shown)
        except ImageError:
            continue
    function = holder.text("VOILUTFunction").upper()
    pairs = zip(holder.numbers("WindowCenter"), holder.numbers("WindowWidth"), strict=False)
    return found + [window for window in (Window(*pair, function) for pair in pairs) if window.usable][:1]
