"""The published weights that `betalens weights` knows by name.

Revisions of the Hugging Face hub are pinned. A digest stands here where the file was seen with it by several people
who do not know one another; elsewhere the first fetch is written down, and compared with from then on.
"""

from dataclasses import dataclass

from model.errors import WeightsError
from model.weights.torchxrayvision_table import read_table

IMAGE, REPORT = "image", "report"
APACHE, MIT = "Apache-2.0", "MIT"


@dataclass(frozen=True)
class Published:
    """Weights by name.

    Attributes:
        kind: which encoder they are for, IMAGE or REPORT.
        source: who publishes them: a repository of the hub with its revision, or `torchxrayvision`.
        licence: as their publisher states it. What they learnt from has terms of its own.
        learnt_from: the data that they were trained on.
        megabytes: of the download, about.
        sha256: of the file; "" where it is not known before it is fetched.
    """

    name: str
    kind: str
    source: str
    licence: str
    learnt_from: str
    megabytes: int
    sha256: str = ""


def _densenet(data: str, learnt_from: str, sha256: str = "") -> Published:
    name = f"densenet121-res224-{data}"
    return Published(name, IMAGE, "torchxrayvision", APACHE, learnt_from, 28, sha256)


def _bert(source: str, learnt_from: str, megabytes: int) -> Published:
    name = source.partition("@")[0].rpartition("/")[2]
    return Published(name, REPORT, source, MIT, learnt_from, megabytes)


CATALOGUE = {
    entry.name: entry
    for entry in (
        _densenet(
            "all",
            "NIH, PadChest, CheXpert, MIMIC-CXR, Google, Open-I, RSNA",
            "56524913dd16a906422e8d8b66a7a5c46be1d82eb7ac012d8103776f1aa68899",
        ),
        _densenet("rsna", "RSNA Pneumonia Challenge"),
        _densenet("nih", "NIH ChestX-ray14"),
        _densenet("pc", "PadChest"),
        _densenet("chex", "CheXpert"),
        _densenet("mimic_nb", "MIMIC-CXR, labels by NegBio"),
        _densenet("mimic_ch", "MIMIC-CXR, labels by CheXpert"),
        Published("resnet50-res512-all", IMAGE, "torchxrayvision", APACHE, "PadChest, NIH, RSNA, SIIM, VinBigData", 94),
        _bert(
            "microsoft/BiomedVLP-CXR-BERT-specialized@f1cc2c6b7fac60f3724037746a129a5baf194dbc",
            "PubMed, MIMIC-III, MIMIC-CXR",
            439,
        ),
        _bert(
            "microsoft/BiomedVLP-CXR-BERT-general@6172dbfa7c061d635a4b86761b80e324e1995496",
            "PubMed, MIMIC-III, MIMIC-CXR",
            441,
        ),
        _bert("emilyalsentzer/Bio_ClinicalBERT@d5892b39a4adaed74b92212a44081509db72f87b", "PubMed, MIMIC-III", 436),
        _bert(
            "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext@e1354b7a3a09615f6aba48dfad4b7a613eef7062",
            "PubMed, PubMed Central (PubMedBERT by its former name)",
            440,
        ),
        _bert(
            "StanfordAIMI/RadBERT@c8f97547ff6dd96debf4e50022d9679219e6987b",
            "Wikipedia, books, PubMed, radiology reports",
            436,
        ),
    )
}


def published(name: str) -> Published:
    """The weights of that name.

    Raises:
        WeightsError: there are none.
    """
    if name not in CATALOGUE:
        raise WeightsError(f"{name!r} is no name of published weights: `betalens weights list` names them.")
    return CATALOGUE[name]


def address(entry: Published) -> str:
    """Where torchxrayvision's own table says that the file of a classifier is.

    Raises:
        WeightsError: the installed torchxrayvision does not say.
    """
    return read_table(entry.name).url


def repository(entry: Published) -> tuple[str, str]:
    """The repository of a report encoder on the hub, and its revision."""
    name, _, revision = entry.source.partition("@")
    return name, revision
