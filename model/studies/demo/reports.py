"""Real radiology reports, and what they say: coded findings, and the sentences that state them.

The reports are the Indiana University collection that the `torchxrayvision` package carries (CC BY-NC-ND 4.0). They
are read from the installed package at run time; no report text is part of this project.
"""

import json
import re
import tarfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import platformdirs

from model.errors import StudyTableError
from model.storage.files import atomic_write

FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Edema", "Effusion", "Emphysema", "Lung Opacity", "Nodule", "Pneumothorax",
)  # fmt: skip


class Statement(NamedTuple):
    """One finding as a code gives it; an empty field means that the code is silent."""

    finding: str
    site: str = ""  # "apex", "base", "hilum", "lingula", "upper lobe", "middle lobe", "lower lobe"
    side: str = ""  # "left", "right", "bilateral"
    severity: str = ""  # "borderline", "mild", "small", "moderate", "large", "severe"
    traits: frozenset[str] = frozenset()  # "calcified", "mass", "multiple", "streaky", "interstitial", ...


class Report(NamedTuple):
    report_id: str  # "CXR1", as in the collection
    text: str  # FINDINGS, then IMPRESSION, white space normalised
    codes: tuple[str, ...]  # MeSH codes: "Opacity/lung/base/left/mild"
    images: tuple[str, ...] = ()  # ids of the radiographs it was written for: "CXR1_1_IM-0001-3001"

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(s for code in self.codes for s in read_code(code))

    @property
    def findings(self) -> frozenset[str]:
        return frozenset(s.finding for s in self.statements)

    @property
    def is_coded(self) -> bool:
        """Whether somebody read it for codes; one in which they found nothing has the code "normal"."""
        return bool(self.codes) and "No Indexing" not in self.codes


SITES = ("apex", "upper lobe", "middle lobe", "lower lobe", "lingula", "hilum", "base")
_SEVERITIES = ("borderline", "mild", "small", "moderate", "large", "severe")
_TRAITS = ("multiple", "scattered", "streaky", "interstitial", "patchy", "focal", "round", "diffuse")
_HEADS = {
    "Atelectasis": ("pulmonary atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Edema": ("pulmonary edema", "pulmonary congestion"),
    "Effusion": ("pleural effusion", "hydropneumothorax", "hemopneumothorax"),
    "Emphysema": ("emphysema", "pulmonary emphysema", "bullous emphysema"),
    "Lung Opacity": ("opacity", "infiltrate", "consolidation", "airspace disease", "density"),
    "Nodule": ("nodule", "mass", "calcified granuloma", "granuloma"),
    "Pneumothorax": ("pneumothorax", "hydropneumothorax", "hemopneumothorax"),
}
# Heads that mean a finding only where the site is lung, or not given.
_LUNG_ONLY = _HEADS["Lung Opacity"] + _HEADS["Nodule"]


def code_parts(code: str) -> list[str]:
    """The parts of a MeSH code, its head first, in lower case."""
    return [" ".join(part.split()).lower() for part in code.split("/")]


@cache
def read_code(code: str) -> tuple[Statement, ...]:
    """What a MeSH code says, in torchxrayvision's names; nothing if it is none of the eight findings."""
    head, *parts = code_parts(code)
    findings = tuple(finding for finding, heads in _HEADS.items() if head in heads)
    if head == "lung" and "hyperdistention" in parts:
        findings = ("Emphysema",)
    elsewhere = (
        parts
        and not {"lung", *SITES} & set(parts)
        and set(parts) - {*_SEVERITIES, *_TRAITS, "left", "right", "bilateral"}
    )
    if not findings or (head in _LUNG_ONLY and elsewhere):
        return ()

    def first(known: tuple[str, ...]) -> str:
        return next((part for part in parts if part in known), "")

    traits = {part for part in parts if part in _TRAITS}
    traits |= {"calcified"} if "granuloma" in head else {"mass"} if head == "mass" else set()
    traits |= {"multiple"} if "scattered" in traits else set()
    side = first(("left", "right", "bilateral")) or {"lingula": "left", "middle lobe": "right"}.get(first(SITES), "")
    return tuple(Statement(f, first(SITES), side, first(_SEVERITIES), frozenset(traits)) for f in findings)


_MENTIONS = {finding: re.compile(pattern, re.IGNORECASE) for finding, pattern in {
    "Atelectasis": r"\batelecta\w+",
    "Cardiomegaly": r"\bcardiomegaly|\bcardiac enlargement|\benlarge\w*(?: \w+){0,3} (?:heart|cardi\w+)\b"
    r"|\b(?:heart|cardiac|cardio\w+)\b(?:(?! \bnot\b|, | and )[^.;]){0,60}"
        r"\b(?:enlarged|enlargement|borderline)\b"
    r"|\bborderline(?: \w+){0,3} (?:heart|cardi\w+)\b",
    "Edema": r"\bedema|\bcongest(?:ion|ed)\b|\bcongestive (?:change|pattern)",
    "Effusion": r"(?<!pericardial )\beffusions?\b|\bpleural fluid|\bhydropneumothora\w+",
    "Emphysema": r"(?<!subcutaneous )(?<!mediastinal )\bemphysem\w+|\bhyper-?\s?(?:inflat|expan|disten|aerat)\w+",
    "Lung Opacity": r"\bopaci\w+|\binfiltrat\w+|\bconsolidati\w+"
        r"|\bdensit(?:y|ies)\b|\bair\s?-?space (?:disease|process)",
    "Nodule": r"\bnodules?\b|\bmass(?:es)?\b|\bgranulomas?\b|\bgranulomata\b",
    "Pneumothorax": r"pneumothora\w+",
}.items()}  # fmt: skip
_NEGATION = re.compile(
    r"\b(?:no|not|without|negative for|clear of|free of|absence of|absent|nor|neither|never|denies|rule out"
    r"|exclude|resolution of|clearing of|resolved|cleared|removal of|history of|evaluate for|query)\b",
    re.IGNORECASE)  # fmt: skip
_NEGATED_AFTER = re.compile(
    r"^[^.;]{0,60}?\b(?:(?:is|are|was|were|has|have|been)\s+(?:not|no longer|ruled out|excluded|resolved|cleared)"
    r"|not (?:seen|identified|visualized|present|evident|appreciated)"
    r"|ha(?:s|ve) (?:since )?(?:been )?(?:resolved|cleared|gone|disappeared|drained)"
    r"|(?:is|are) (?:absent|gone|unlikely|within normal)|unlikely|(?<=: )(?:none|no))\b", re.IGNORECASE)  # fmt: skip
_UNCHANGED = re.compile(
    r"\b(?:no|without)(?: \w+){0,2} change\b|\bnot (?:significantly )?changed\b", re.IGNORECASE
)  # no negation
_SCOPE_ENDS = re.compile(
    r";|\b(?:but|however|although|though|except|aside from|other than|apart from)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s+[A-Z0-9\"(]|\s*$)|$)", re.DOTALL)


def stating_sentences(text: str) -> dict[str, list[tuple[int, int]]]:
    """Finding -> character spans of the sentences that state it: a mention that nothing in its clause negates.

    The rule is NegEx's (Chapman et al., 2001): a trigger negates what follows it up to the end of its scope.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for sentence in _SENTENCE.finditer(text):
        for finding, pattern in _MENTIONS.items():
            if any(_is_stated(sentence.group(), mention) for mention in pattern.finditer(sentence.group())):
                found.setdefault(finding, []).append(sentence.span())
    return found


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Character spans of the sentences of a text."""
    return [sentence.span() for sentence in _SENTENCE.finditer(text)]


def mentions_of(text: str, finding: str) -> list[tuple[int, int]]:
    """Character spans of a finding's names in a text, whether they state or deny it."""
    return [mention.span() for mention in _MENTIONS[finding].finditer(text)]


def mentioned(text: str) -> frozenset[str]:
    """The findings that a text names, whether it states or denies them."""
    return frozenset(finding for finding, pattern in _MENTIONS.items() if pattern.search(text))


def _is_stated(sentence: str, mention: re.Match) -> bool:
    before = _SCOPE_ENDS.split(_UNCHANGED.sub("stable", sentence[: mention.start()]))[-1]
    after = _SCOPE_ENDS.split(sentence[mention.end() :])[0]
    return not (_NEGATION.search(before) or _NEGATION.search(mention.group()) or _NEGATED_AFTER.search(after))


def agrees(report: Report) -> bool:
    """Whether codes and text name the same of the eight findings."""
    return report.findings == set(stating_sentences(report.text))


@cache
def load_reports() -> dict[str, Report]:
    """All reports with text and codes, by id, from the installed torchxrayvision package.

    Raises StudyTableError if the package or its file is missing.
    """
    return {i: Report(i, text, tuple(codes)) for i, text, codes in _parsed(packaged_reports())}


def packaged_reports() -> Path:
    """The archive of reports that torchxrayvision carries, as the collection publishes it.

    Raises StudyTableError if the package or its file is missing.
    """
    spec = find_spec("torchxrayvision")
    archive = Path(spec.origin).parent / "data" / "NLMCXR_reports.tgz" if spec and spec.origin else None
    if archive is None or not archive.exists():
        raise StudyTableError(
            "the reports of the Indiana University collection were not found: expected data/NLMCXR_reports.tgz in the "
            "installed torchxrayvision package; install torchxrayvision, or open your own studies"
        )
    return archive


def _parsed(archive: Path) -> list[list]:
    """The archive's reports; parsed once per machine, then kept in the user's cache, where they load in 0.1 s."""
    kept = Path(platformdirs.user_cache_dir("betalens")) / f"reports-{archive.stat().st_size}.json"
    try:
        return json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        pass
    parsed = (parse_report(xml) for _, xml in archived_reports(archive))
    ordered = sorted((r for r in parsed if r.text), key=lambda r: int(r.report_id[3:]))
    reports = [[r.report_id, r.text, r.codes] for r in ordered]
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(kept, json.dumps(reports).encode())
    except OSError:
        pass  # a read-only home costs seconds at each start, nothing else
    return reports


def archived_reports(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The XML files of an archive, each with its name."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".xml"):
                file = tar.extractfile(member)
                assert file  # as there is for every file
                yield member.name, file.read()


def parse_report(xml: bytes) -> Report:
    """A report as the collection publishes it.

    Raises:
        ValueError: it is not such an XML file.
    """
    try:
        root = ElementTree.fromstring(xml)
        report_id = next(root.iterfind("uId")).attrib["id"]
    except (ElementTree.ParseError, StopIteration, KeyError):
        raise ValueError("it is not an XML report of the collection") from None
    sections = {part.get("Label"): part.text or "" for part in root.iter("AbstractText")}
    text = " ".join(f"{sections.get('FINDINGS', '')} {sections.get('IMPRESSION', '')}".split())
    codes = tuple(code.text.strip() for code in root.iter("major") if code.text)
    return Report(report_id, text, codes, tuple(image.get("id", "") for image in root.iter("parentImage")))
