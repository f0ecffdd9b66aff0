"""The structured report: a Comprehensive 3D SR after TID 1500, an observation of the device for each finding, a region
for each part of the outline, and what the reader said as an observation of a person."""

import re
from datetime import datetime

import highdicom as hd
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from explain.export.case import ExportedCase, ExportedFinding, ReaderVerdict
from explain.export.dicom import codes as ours
from explain.export.dicom.series import (
    NAME,
    RESEARCH,
    device_uid,
    named_algorithm,
    private_codes,
    series,
    stand_in,
)
from explain.export.outline import Outline
from model.inputs import Origin

ENGLISH = hd.sr.CodedConcept("en", "RFC5646", "English")
UNNAMED = "Reader"  # who gave a verdict and no name
PERSON_NAME = 63  # letters, and what separates it from given names
HIERARCHY = re.compile(r"[\\=\x00-\x1f\x7f]+")  # what a person's name must not hold, as DICOM separates values by it

Group = hd.sr.MeasurementsAndQualitativeEvaluations | hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations


def structured_report(
    case: ExportedCase, origin: Origin, outline: Outline, segments: hd.seg.Segmentation | None
) -> hd.sr.Comprehensive3DSR:
    """The report on a case.

    Args:
        outline: in the image coordinates of the film as stored.
        segments: the same as a segmentation, which the report names; None where it is empty.
    """
    film = stand_in(origin)
    groups: list[Group] = [_finding(case, found, film) for found in case.findings]
    groups += [_region(case, line, film, i) for i, line in enumerate(outline.lines, 1)]
    if case.verdict:
        groups.append(_verdict(case.verdict, film))
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=_device(case)),
        procedure_reported=ours.PROCEDURE,
        imaging_measurements=groups,
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(ENGLISH),
    )
    return hd.sr.Comprehensive3DSR(
        evidence=[film, *([segments] if segments is not None else [])],
        content=content[0],
        is_complete=True,
        is_verified=False,  # a verdict verifies no report
        coding_schemes=private_codes(),
        **series("report", RESEARCH, case),
    )


def _finding(case: ExportedCase, found: ExportedFinding, film: Dataset) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    """What the device says of a finding: how sure it is, and whether it reports it."""
    says = ours.CANNOT_TELL if found.present is None else ours.PRESENT if found.present else ours.ABSENT
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(identifier=found.name),
        algorithm_id=named_algorithm(case),
        finding_type=ours.finding_code(found.name),
        measurements=[hd.sr.Measurement(ours.CERTAINTY, round(100 * found.probability, 4), codes.UCUM.Percent)],
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(ours.PRESENCE, says)],
        source_images=[hd.sr.SourceImageForMeasurementGroup.from_source_image(film)],
    )
    why = "; ".join(case.cannot_tell)
    for comment in (*([f"Cannot tell: {why}."] if why else []), *case.unasked):
        _comment(group, comment)
    return group


def _region(case: ExportedCase, line, film: Dataset, number: int) -> Group:
    """A part of the outline of the finding that is explained."""
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(identifier=f"Evidence for {case.finding}, region {number}"),
        referenced_region=hd.sr.ImageRegion(
            hd.sr.GraphicTypeValues.POLYLINE, line, hd.sr.SourceImageForRegion.from_source_image(film)
        ),
        algorithm_id=named_algorithm(case),
        finding_type=ours.finding_code(case.finding),
    )


def _verdict(verdict: ReaderVerdict, film: Dataset) -> hd.sr.MeasurementsAndQualitativeEvaluations:
    """What a person says of all that."""
    said = [hd.sr.QualitativeEvaluation(ours.VERDICT, ours.VERDICTS[verdict.verdict])]
    said += [hd.sr.QualitativeEvaluation(ours.FINDING, ours.finding_code(name)) for name in verdict.has]
    said += [hd.sr.QualitativeEvaluation(ours.BLIND, codes.SCT.Yes if verdict.blind else codes.SCT.No)]
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(identifier="Verdict of the reader"),
        qualitative_evaluations=said,
        source_images=[hd.sr.SourceImageForMeasurementGroup.from_source_image(film)],
    )
    person = hd.sr.ObserverContext(
        codes.DCM.Person, hd.sr.PersonObserverIdentifyingAttributes(name=_person_name(verdict.reader))
    )
    container = group[0]
    container.ContentSequence = [*person, *container.ContentSequence]
    if verdict.time:
        # In the time of this machine, as all times of the document are.
        container.ObservationDateTime = datetime.fromisoformat(verdict.time).astimezone().strftime("%Y%m%d%H%M%S")
    if verdict.comment:
        _comment(group, verdict.comment)
    return group


def _comment(group: Group, text: str) -> None:
    group[0].ContentSequence.append(hd.sr.TextContentItem(ours.COMMENT, text, hd.sr.RelationshipTypeValues.CONTAINS))


def _person_name(typed: str) -> str:
    """A name that was typed, as a family name, unless it has DICOM's own form."""
    name = HIERARCHY.sub(" ", typed).strip()[:PERSON_NAME] or UNNAMED
    return name if "^" in name else f"{name}^"


def _device(case: ExportedCase) -> hd.sr.ObserverContext:
    return hd.sr.ObserverContext(
        codes.DCM.Device,
        hd.sr.DeviceObserverIdentifyingAttributes(
            device_uid(case), NAME, NAME, f"{NAME} {case.version}", case.model[:64]
        ),
    )
