"""What leaves as DICOM: objects that others' programs read, in the study of the film, right to half a pixel."""

import os
import pickle
import shutil
import subprocess
from dataclasses import replace
from io import BytesIO

import highdicom as hd
import numpy as np
import pydicom
import pytest
from archived import CR, DX, PATIENT, PLACE, film_file
from helpers import REPORT, dicom, random_film
from pydicom.sr.codedict import codes

from explain.every_beta.evidence import DEFAULT, INSTANT, evidence_at
from explain.export.case import OUTLINE, ExportedCase, ReaderVerdict, exported_case
from explain.export.dicom import NAMES, dicom_files, dicom_objects, write_dicom
from explain.export.dicom.capture import picture
from explain.export.dicom.codes import FINDINGS, finding_code
from explain.export.dicom.report import structured_report
from explain.export.outline import outline_of
from model.errors import ChoiceError, ImageError
from model.inference.engine import Engine
from model.inputs import read_film
from model.network.preprocess import Box

FRAMES = "1.2.840.10008.5.1.4.1.1.7.3"  # multi-frame greyscale word secondary capture
WIDE = {"ImagerPixelSpacing": [0.1, 0.2]}  # of pixels twice as wide as high
# What films are like: how each differs from a CR of 16 bits without a frame of reference.
KINDS = {
    "cr": {},
    "frame of reference": {"SOPClassUID": DX, "FrameOfReferenceUID": "1.2.3.4", "PixelSpacing": [0.2, 0.2]},
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12},
    "multi-frame": {"SOPClassUID": FRAMES, "NumberOfFrames": 2},
    "wide pixels": WIDE,
    "aspect alone": {"PixelAspectRatio": [1, 2], "BodyPartExamined": ""},
    "private class": {"SOPClassUID": "1.2.3.4.5.6.7"},
}
VERDICT = ReaderVerdict(
    "Reader^Test", "disagree", ("Nodule",), blind=True, comment="Behind the heart.", time="2026-01-31T12:00:00Z"
)


def explained_case(
    engine: Engine, film, report: str, version: str, outline: float = OUTLINE, verdict: ReaderVerdict | None = None
) -> ExportedCase:
    """A film and its report as they are exported, with the finding that is most probable."""
    encoded = engine.encode(film, report)
    (found,) = evidence_at(engine, [encoded], engine.default_beta, None, DEFAULT["image"], INSTANT["report"])
    cam, beta = found.image_map.cam[0], float(found.betas[0])
    return exported_case(engine, film, encoded, found, cam, beta, version, outline, verdict)


@pytest.fixture(scope="module")
def engine():
    return Engine.load(None, "cpu")


@pytest.fixture(scope="module")
def exported(engine):
    """A case of a kind of film, with its files, as they were made first."""
    made = {}

    def of(kind: str):
        if kind not in made:
            film = read_film(film_file(**KINDS[kind]), with_header=True)
            case = explained_case(engine, film, REPORT, "1.2", outline=0.05, verdict=VERDICT)
            made[kind] = case, dicom_files(case, film.header)
        return made[kind]

    return of


def read(file: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(file))


def tool(name: str) -> str:
    """A program of Debian's."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not at hand")
    return found


def groups(file: bytes):
    return hd.sr.srread(BytesIO(file)).content.get_image_measurement_groups()


def named(reference: pydicom.Dataset) -> tuple[str, str]:
    """The class and the instance that are pointed at."""
    return reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID


def items(dataset: pydicom.Dataset, value_type: str) -> list[pydicom.Dataset]:
    """The content items of a type, at any depth."""
    inner = [found for item in dataset.get("ContentSequence", []) for found in items(item, value_type)]
    return ([dataset] if dataset.get("ValueType") == value_type else []) + inner


@pytest.mark.parametrize("kind", KINDS)
def test_a_checker_finds_no_error_in_any_object_of_any_film(exported, kind, tmp_path):
    program = tool("dciodvfy")
    _, files = exported(kind)
    assert set(files) == set(NAMES)
    for name, content in files.items():
        (path := tmp_path / name).write_bytes(content)
        said = subprocess.run([program, path], capture_output=True, text=True, timeout=60).stderr
        assert not [line for line in said.splitlines() if line.startswith("Error")], (name, said)


@pytest.mark.parametrize("kind", KINDS)
def test_all_objects_join_the_study_of_the_film_in_series_of_their_own(exported, kind):
    _, files = exported(kind)
    film = read(film_file(**KINDS[kind]))
    found = [read(content) for content in files.values()]
    assert len({one.SeriesInstanceUID for one in found} | {film.SeriesInstanceUID}) == len(found) + 1
    for one in found:
        for keyword in (*PATIENT, "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID"):
            assert one[keyword].value == film[keyword].value, keyword


@pytest.mark.parametrize("kind", KINDS)
def test_all_objects_point_at_the_film_and_at_the_frame_that_was_read(exported, kind):
    _, files = exported(kind)
    film = read(film_file(**KINDS[kind]))
    for name in ("heat.dcm", "outline.dcm", "capture.dcm"):
        source = read(files[name])
        if name != "capture.dcm":
            derived = source.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
            assert derived.get("ReferencedFrameNumber") == (1 if "NumberOfFrames" in film else None)
        (source,) = source.SourceImageSequence
        assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (
            film.SOPClassUID,
            film.SOPInstanceUID,
        )
    report = read(files["report.dcm"])
    for image in items(report, "IMAGE"):
        (source,) = image.ReferencedSOPSequence
        assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (
            film.SOPClassUID,
            film.SOPInstanceUID,
        )
        assert source.get("ReferencedFrameNumber") == (1 if "NumberOfFrames" in film else None)
    evidence = [
        named(item)
        for study in report.CurrentRequestedProcedureEvidenceSequence  # without it viewers open no report
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]
    assert (film.SOPClassUID, film.SOPInstanceUID) in evidence


@pytest.mark.parametrize("kind", KINDS)
def test_maps_have_the_grid_of_the_film_and_the_values_of_the_case(exported, kind):
    case, files = exported(kind)
    film = read(film_file(**KINDS[kind]))
    heat = hd.pm.ParametricMap.from_dataset(read(files["heat.dcm"]))
    assert heat.pixel_array.dtype == np.float32  # and without asking for it, highdicom 0.28 reads no floats
    values = heat.get_frame(1, apply_real_world_transform=True)
    np.testing.assert_allclose(values, case.heat(film.Rows, film.Columns), atol=1e-6)
    (mapping,) = heat.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
    quantity = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
    assert quantity.CodeValue == codes.DCM.ClassActivation.value
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    segments = hd.seg.Segmentation.from_dataset(read(files["outline.dcm"]))
    mask = segments.get_pixels_by_source_instance([film.SOPInstanceUID], ignore_spatial_locations=True)[0, :, :, 0]
    np.testing.assert_array_equal(mask.astype(bool), values >= np.float32(case.level))
    high, wide = heat.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    up, across = segments.get("PixelAspectRatio", (1, 1))
    assert high / wide == up / across == (0.5 if kind in ("wide pixels", "aspect alone") else 1)


def test_the_report_reads_back_with_every_probability_and_decision(exported, engine):
    case, files = exported("cr")
    found = groups(files["report.dcm"])
    assert len(found) == len(engine.findings) + 1  # and what the reader said
    for group, finding in zip(found, case.findings, strict=False):
        assert group.tracking_identifier == finding.name
        assert group.finding_type == finding_code(finding.name)
        (certainty,) = group.get_measurements(codes.DCM.CertaintyOfFinding)
        assert (certainty.value, certainty.unit) == (
            pytest.approx(100 * finding.probability, abs=1e-4),
            codes.UCUM.Percent,
        )
        (says,) = group.get_qualitative_evaluations(codes.DCM.PresenceOfProperty)
        assert says.value == (codes.SCT.Present if finding.present else codes.SCT.Absent)


def test_the_report_names_the_algorithm_its_version_and_the_models_digest(exported, engine):
    _, files = exported("cr")
    texts = {item.TextValue for item in items(read(files["report.dcm"]), "TEXT")}
    assert {"BetaLens", "1.2", f"model SHA-256: {engine.digest}", "image method: Grad-CAM"} <= texts
    (algorithm,) = read(files["outline.dcm"]).SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("BetaLens", "1.2")
    assert engine.digest in algorithm.AlgorithmParameters


def test_a_readers_verdict_is_the_observation_of_a_person(exported):
    _, files = exported("cr")
    said = items(read(files["report.dcm"]), "CONTAINER")[-1].ContentSequence
    value = {item.ConceptNameCodeSequence[0].CodeMeaning: item for item in said}
    assert value["Observer Type"].ConceptCodeSequence[0].CodeValue == codes.DCM.Person.value
    assert value["Person Observer Name"].PersonName == VERDICT.reader
    verdict = value["Reader's verdict on the algorithm's decision"].ConceptCodeSequence[0]
    assert (verdict.CodeValue, verdict.CodingSchemeDesignator) == ("DISAGREE", "99BETALENS")
    assert value["Finding"].ConceptCodeSequence[0].CodeValue == finding_code("Nodule").value
    assert value["Comment"].TextValue == VERDICT.comment
    assert read(files["report.dcm"]).VerificationFlag == "UNVERIFIED"


@pytest.mark.parametrize("typed", ["", "Jane Roe", "A\\B=C", "读者", "x" * 200])
def test_any_name_of_a_reader_can_be_written(exported, typed):
    case, _ = exported("cr")
    origin = read_film(film_file(), with_header=True).header.open()
    short = replace(case, findings=case.findings[:1], verdict=ReaderVerdict(typed, "agree"))
    report = structured_report(short, origin, outline_of(np.zeros((8, 8), np.float32), 1.0), None)
    report.save_as(written := BytesIO(), enforce_file_format=True)
    (name,) = (item.PersonName for item in items(read(written.getvalue()), "PNAME"))
    assert str(name).strip("^") == {"": "Reader", "A\\B=C": "A B C", "x" * 200: "x" * 63}.get(typed, typed)


def test_the_validator_completes_the_template_and_dcmtk_prints_it(exported, tmp_path):
    case, _ = exported("cr")
    # Of two findings: the validator's time grows with the square of a report's items.
    header, two = read_film(film_file(), with_header=True).header, case.findings[:2]
    report = dicom_files(replace(case, findings=(*two, case.explained)), header)["report.dcm"]
    (path := tmp_path / "report.dcm").write_bytes(report)
    printed = subprocess.run([tool("dsrdump"), path], capture_output=True, text=True, timeout=60)
    assert printed.returncode == 0
    assert "Imaging Measurement Report" in printed.stdout
    assert not [line for line in printed.stderr.splitlines() if line.startswith("E:")]
    # Newer Java than the validator: its rules are longer than what XPath may be by default.
    unbound = " ".join(f"-Djdk.xml.xpath{limit}Limit=0" for limit in ("ExprOp", "ExprGrp", "TotalOp"))
    said = subprocess.run(
        [tool("DicomSRValidator"), path],
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"JAVA_TOOL_OPTIONS": unbound},
    )
    said = said.stdout + said.stderr
    assert "Found Root Template TID_1500" in said
    assert "Root Template Validation Complete" in said
    # It cannot tell a group that has a region (TID 1410) from one that has none (TID 1501), though a report may have
    # both, and misses the region of the latter: of the former, and of all else, it misses nothing.
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    regions = [f"within 1.9.{number}:" for number in range(4, 4 + len(items(read(report), "SCOORD")))]
    assert regions
    for error in errors:
        assert error.startswith("Error: Template 1410"), error
        assert error.endswith("Missing conditional content item"), error
        assert not any(place in error for place in regions), error


def test_of_a_film_of_which_the_model_cannot_tell_no_decision_is_written(engine):
    noise = (random_film(1, 256, 256).pixels * 4095).astype(np.uint16)
    film = read_film(dicom(noise, **PATIENT, **PLACE, SOPClassUID=CR), with_header=True)
    case = explained_case(engine, film, "", "1.2")
    assert case.cannot_tell
    report = dicom_files(case, film.header)["report.dcm"]
    for group in groups(report):
        (says,) = group.get_qualitative_evaluations(codes.DCM.PresenceOfProperty)
        assert says.value == codes.DCM.PresenceUndetermined
    texts = [item.TextValue for item in items(read(report), "TEXT")]
    assert any(text.startswith(f"Cannot tell: {case.cannot_tell[0]}") for text in texts)


def test_where_nothing_reaches_the_level_there_is_no_outline_and_an_earlier_one_goes(exported, tmp_path):
    case, _ = exported("cr")
    header = read_film(film_file(), with_header=True).header
    assert {path.name for path in write_dicom(case, header, tmp_path)} == set(NAMES)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())  # they name a patient
    weak = replace(case, level=1e6)
    assert {path.name for path in write_dicom(weak, header, tmp_path)} == {*NAMES} - {"outline.dcm"}
    assert {path.name for path in tmp_path.iterdir()} == {*NAMES} - {"outline.dcm"}


@pytest.mark.parametrize(("rows", "columns"), [(300, 240), (240, 600), (999, 300)])
@pytest.mark.parametrize("along", ["columns", "rows"])
def test_an_outline_is_right_to_half_a_pixel(exported, rows, columns, along):
    """Against where a ramp crosses the level, worked out by hand: cell k of n has its middle at (k + ½) / n."""
    case, _ = exported("cr")
    ramp = np.tile(np.arange(16, dtype=np.float32), (16, 1))
    box = Box(0.1, 0.0, 0.8, 1.0) if along == "columns" else Box(0.0, 0.25, 1.0, 0.5)
    case = replace(case, cam=ramp if along == "columns" else ramp.T.copy(), box=box, level=7.3)
    at = (7.3 + 0.5) / 16  # of the side of the square, which the film fills along the ramp
    (line,) = case.outline(case.heat(rows, columns)).lines
    axis, length = (0, columns) if along == "columns" else (1, rows)
    assert line[:, axis].min() == pytest.approx(at * length, abs=0.02)
    assert line[:, axis].max() == pytest.approx(length)
    np.testing.assert_array_equal(line[0], line[-1])


def test_the_mask_and_the_lines_of_an_outline_are_of_one_area():
    rows, columns = np.mgrid[:400, :300] + 0.5
    distance = np.hypot(rows - 150, columns - 120)
    found = outline_of(np.maximum(0, 100 - distance), 40.0)
    (line,) = found.lines
    np.testing.assert_allclose(np.hypot(line[:, 1] - 150, line[:, 0] - 120), 60, atol=0.05)
    assert found.mask.sum() == pytest.approx(np.pi * 60**2, rel=0.002)


def test_regions_of_the_report_lie_where_the_segmentation_is(exported):
    case, files = exported("wide pixels")
    film = read(film_file(**KINDS["wide pixels"]))
    mask = case.heat(film.Rows, film.Columns) >= case.level
    lines = [np.reshape(item.GraphicData, (-1, 2)) for item in items(read(files["report.dcm"]), "SCOORD")]
    reach = np.concatenate(lines)
    for axis, length in ((0, film.Columns), (1, film.Rows)):
        inside = np.flatnonzero(mask.any(axis))
        # From the middle of the outermost pixel inside to the middle of the next one.
        assert inside[0] - 0.5 <= reach[:, axis].min() <= inside[0] + 0.5
        assert inside[-1] + 0.5 <= reach[:, axis].max() <= min(inside[-1] + 1.5, length)


def test_the_capture_shows_the_film_in_colour_above_its_legend(exported):
    case, files = exported("wide pixels")
    capture = read(files["capture.dcm"])
    assert (capture.PhotometricInterpretation, capture.SamplesPerPixel) == ("RGB", 3)
    height, width = case.pixels.shape
    assert height == width  # square pixels, though the film's own are not
    shown = capture.pixel_array
    assert shown.shape[0] > shown.shape[1]
    np.testing.assert_array_equal(shown, picture(case))
    amber = (shown == (255, 191, 0)).all(-1)
    assert amber[:40].any()  # not for diagnosis: in the film, and below it
    assert amber[shown.shape[1] :].any()


def test_private_codes_say_in_words_what_no_code_says():
    for name in ("Enlarged Cardiomediastinum", "病変", "x" * 100):
        code = finding_code(name)
        assert (code.scheme_designator, code.meaning) == ("99BETALENS", name[:64])
        assert len(code.value) <= 16
    assert finding_code("COVID-19") == finding_code("covid 19") == FINDINGS["covid 19"]


def test_codes_are_those_of_the_standards_dictionary_where_it_has_them():
    listed = {"SCT": codes.SCT, "DCM": codes.DCM}
    for keyword, name in (
        ("PleuralEffusion", "effusion"),
        ("Pneumothorax", "pneumothorax"),
        ("PulmonaryEdema", "edema"),
        ("Nodule", "nodule"),
        ("Opacity", "lung opacity"),
        ("Infiltrate", "infiltration"),
    ):
        ours = FINDINGS[name]
        assert getattr(listed[ours.scheme_designator], keyword).value == ours.value


def test_nothing_of_a_patient_is_in_the_text_of_a_header_or_in_a_log(exported, caplog):
    case, _ = exported("cr")
    film = read_film(film_file(PatientName="Strange\\Name^^^^^^^Test"), with_header=True)
    origin = film.header.open()
    dicom_objects(case, origin)
    said = "".join([repr(film), str(film.header), repr(origin), caplog.text])
    assert "Test" not in said
    assert "T-1" not in said
    with pytest.raises(TypeError):
        pickle.dumps(film)


def test_a_header_is_held_for_who_asks_alone():
    assert read_film(film_file()).header is None
    assert read_film(film_file(), with_header=True).header is not None


def test_text_is_copied_whatever_its_letters(exported):
    case, _ = exported("cr")
    name = "Δοκιμή^Φιλμ"
    film = read_film(film_file(SpecificCharacterSet="ISO_IR 126", PatientName=name), with_header=True)
    for one in dicom_files(case, film.header).values():
        assert str(read(one).PatientName) == name


@pytest.mark.parametrize("lacking", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_a_film_that_names_no_study_is_refused_in_a_sentence(lacking):
    film = read_film(film_file(**{lacking: None}), with_header=True)
    with pytest.raises(ImageError, match=f"does not say its {lacking}") as error:
        film.header.open()
    assert "Test" not in str(error.value)


def test_what_is_out_of_range_is_refused(engine):
    film = read_film(film_file(), with_header=True)
    for outline in (0.0, 1.5, float("nan")):
        with pytest.raises(ChoiceError, match="outline"):
            explained_case(engine, film, "", "1.2", outline=outline)
    with pytest.raises(ChoiceError, match="Fracture"):
        explained_case(engine, film, "", "1.2", verdict=ReaderVerdict("", "disagree", ("Fracture",)))
