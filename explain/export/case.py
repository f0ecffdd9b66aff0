"""What is exported of a case: what the model decided on every finding, the evidence for one, and what a reader said."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from explain.every_beta.evidence import DEFAULT, Evidence
from explain.every_beta.heatmap import heatmap
from explain.export.outline import Outline, outline_of
from explain.methods.registry import method
from model.errors import ChoiceError
from model.feedback.record import Verdict
from model.inference.decision import decided
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.inputs import Film
from model.network.preprocess import Box

OUTLINE = 0.5  # of what is full on the colour scale


class ExportedFinding(NamedTuple):
    """What a model says of a finding.

    Attributes:
        present: whether it reports it; None where it cannot tell of the case.
    """

    name: str
    probability: float
    present: bool | None


class ReaderVerdict(NamedTuple):
    """What a reader says of the decision.

    Attributes:
        has: the findings that the case has, by a reader who disagrees.
        blind: whether they answered before they saw the model's answer.
        time: when, as in 2026-01-31T12:00:00Z; "" where nobody knows.
    """

    reader: str
    verdict: Verdict
    has: tuple[str, ...] = ()
    blind: bool = False
    comment: str = ""
    time: str = ""


@dataclass(frozen=True)
class ExportedCase:
    """A case that has a film, at one β.

    Attributes:
        pixels: of the film, square, values in [0, 1].
        findings: in the model's order.
        cannot_tell: why the model cannot tell of the case, in clauses; nothing where it can.
        unasked: what nothing says of that, in sentences.
        beta: weight of the image, in [0, 1].
        finding: that is explained.
        cam: of the finding, before ReLU, logits a cell, over the square that the model sees.
        box: where the film lies in that square.
        scale: logits a cell that are full on the colour scale.
        level: logits a cell from which on the heat is outlined.
        image_method: title of the method that explains the film.
        model: SHA-256 of the weights.
        version: of BetaLens.
        verdict: None where no reader gave one.
    """

    pixels: Float[np.ndarray, "height width"]
    findings: tuple[ExportedFinding, ...]
    cannot_tell: tuple[str, ...]
    unasked: tuple[str, ...]
    beta: float
    finding: str
    cam: Float[np.ndarray, "rows cols"]
    box: Box
    scale: float
    level: float
    image_method: str
    model: str
    version: str
    verdict: ReaderVerdict | None = None

    @property
    def explained(self) -> ExportedFinding:
        """What the model says of the finding that is explained."""
        return next(found for found in self.findings if found.name == self.finding)

    def heat(self, rows: int, columns: int) -> Float[np.ndarray, "rows columns"]:
        """The heat on any grid over the film, in logits a cell, at the middle of each pixel: in one step from the
        model's own cells, whatever the shape of a pixel."""
        return heatmap(self.cam, self.box, rows, columns)

    def outline(self, heat: Float[np.ndarray, "rows columns"]) -> Outline:
        """Where a heat of this case is at `level` or above."""
        return outline_of(heat, self.level)


def exported_case(
    engine: Engine,
    film: Film,
    encoded: Encoded,
    found: Evidence,
    cam: Float[np.ndarray, "rows cols"],
    beta: float,
    version: str,
    outline: float = OUTLINE,
    verdict: ReaderVerdict | None = None,
) -> ExportedCase:
    """A case that was explained, as it is exported.

    Args:
        found: the evidence for the finding.
        cam: that of `found` at this β.
        beta: as the case allows it.
        version: of BetaLens.
        outline: the heat from which on the film is outlined, as a share of what is full on the colour scale, above 0
            and up to 1.

    Raises:
        ChoiceError: the outline is out of range, or the verdict names a finding that the model does not know.
    """
    if not 0 < outline <= 1:
        raise ChoiceError(f"The outline is {outline}; it takes a share of the colour scale, above 0 and up to 1.")
    for name in verdict.has if verdict else ():
        engine.finding_index(name)
    asked = engine.familiarity(encoded)
    probabilities = engine.probabilities(encoded, np.array([beta]))[0]
    says = decided(probabilities, engine.config.problem_type)
    return ExportedCase(
        pixels=film.pixels,
        findings=tuple(
            ExportedFinding(name, float(p), None if asked.cannot_tell else bool(yes))
            for name, p, yes in zip(engine.findings, probabilities, says, strict=True)
        ),
        cannot_tell=tuple(map(str, asked.cannot_tell)),
        unasked=tuple(map(str, asked.unasked)),
        beta=beta,
        finding=found.finding,
        cam=cam,
        box=found.image_map.box,
        scale=found.cell_scale,
        level=outline * found.cell_scale,
        image_method=method("image", found.image_method or DEFAULT["image"]).title,
        model=engine.digest,
        version=version,
        verdict=verdict,
    )
