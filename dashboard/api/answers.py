"""Evidence as plain numbers, or as a picture, at the β that were asked for."""

from collections.abc import Callable, Hashable

import numpy as np

from dashboard.api.schemas import Explain, FindingExplained, ImageEvidence, Prediction, ReportEvidence, WordEvidence
from dashboard.cases.case import OpenCase
from dashboard.serving.explanations import INSTANT_METHODS, Explanations
from explain import Evidence
from explain.every_beta.heatmap import heatmap
from explain.every_beta.nodes import interpolate
from explain.every_beta.overlay import overlay_png
from explain.methods.registry import method
from model.errors import ChoiceError
from model.inference.engine import Engine

MOST_MAPS = 512  # findings × methods × β of one request: some 10 MB of numbers


def predictions(engine: Engine, case: OpenCase, betas: list[float]) -> list[Prediction]:
    """Probabilities at each β."""
    clamped = [engine.clamp_beta(case.encoded, beta) for beta in betas]
    found = engine.probabilities(case.encoded, np.array(clamped))
    return [
        Prediction(beta=beta, probabilities=dict(zip(engine.findings, map(float, row), strict=True)))
        for beta, row in zip(clamped, found, strict=True)
    ]


def asked_findings(engine: Engine, case: OpenCase, request: Explain, betas: list[float]) -> list[str]:
    """The findings to explain: the likeliest at the first β where none is named.

    Raises:
        ChoiceError: one is unknown, or a method is, or it is all too much for one request.
    """
    findings = request.findings or [engine.likeliest(case.encoded, betas[0])]
    for finding in findings:
        engine.finding_index(finding)
    for modality, names in (("image", request.image_methods), ("report", request.report_methods)):
        for name in names:
            method(modality, name)
    maps = len(findings) * len(betas) * (len(request.image_methods) + len(request.report_methods))
    if maps > MOST_MAPS:
        raise ChoiceError(
            f"Findings × β × methods are {maps}, and at most {MOST_MAPS} are answered: ask in several requests."
        )
    return findings


def explain_finding(
    explanations: Explanations,
    case: OpenCase,
    finding: str,
    request: Explain,
    betas: list[float],
    should_continue: Callable[[], bool],
    reader: Hashable,
) -> FindingExplained:
    """All that was asked of one finding.

    Raises:
        Cancelled: it is not wanted any more.
    """
    present = case.encoded.modalities
    images = [name for name in request.image_methods if "image" in present]
    reports = [name for name in request.report_methods if "report" in present]

    def evidence(**chosen: str) -> Evidence:
        return explanations.compute_queued(case, finding, INSTANT_METHODS._replace(**chosen), should_continue, reader)

    bare = evidence()
    clamped = [explanations.engine.clamp_beta(case.encoded, beta) for beta in betas]

    def at(values: np.ndarray) -> list[float]:
        return [float(interpolate(values, beta)) for beta in clamped]

    return FindingExplained(
        finding=finding,
        logit=at(bare.logit),
        reference_logit=at(bare.reference_logit),
        contributions={"image": at(bare.contributions[:, 0]), "report": at(bare.contributions[:, 1])},
        interaction=at(bare.interaction),
        flips=list(bare.flips),
        image=[_image(name, evidence(image=name), clamped) for name in images],
        report=[_report(name, evidence(report=name), clamped) for name in reports],
    )


def picture(case: OpenCase, evidence: Evidence, beta: float) -> bytes:
    """The film with its heat over it, as a PNG of the film's own size."""
    assert case.film
    cam, box = evidence.image_map
    heat = heatmap(interpolate(cam, beta), box, *case.film.pixels.shape)
    return overlay_png(case.film.pixels, heat, evidence.cell_scale)


def _image(name: str, evidence: Evidence, betas: list[float]) -> ImageEvidence:
    cam, box = evidence.image_map
    return ImageEvidence(
        method=name,
        completeness_error=evidence.image_error,
        maps=[interpolate(cam, beta).tolist() for beta in betas],
        box=box._asdict(),
        scale=evidence.cell_scale,
    )


def _report(name: str, evidence: Evidence, betas: list[float]) -> ReportEvidence:
    scores = (
        np.stack([interpolate(evidence.word_scores, beta) for beta in betas]) if evidence.words else np.zeros((1, 0))
    )
    return ReportEvidence(
        method=name,
        completeness_error=evidence.report_error,
        words=[
            WordEvidence(text=w.text, start=w.start, end=w.end, scores=column.tolist())
            for w, column in zip(evidence.words, scores.T, strict=True)
        ],
        scale=evidence.word_scale,
    )
