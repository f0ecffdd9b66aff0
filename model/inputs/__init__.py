"""The only code that touches untrusted bytes: a film and a report, as a person sent them, made safe and uniform.

What a file is, its first bytes say, never its name. Every limit is checked on the header, before anything is decoded.
Films are decoded in processes that can do nothing else and are ended when they take too long or too much memory
(`worker`), what somebody sends in one of its own; and by decoders without a known hole (`jpeg` says which one Pillow
has). Whatever goes wrong in a third-party parser becomes one `ImageError` whose sentence holds nothing from the file.
"""

import logging
import warnings

from model.inputs.film import Film, name_of, read_film
from model.inputs.header import Contradiction, Header, contradiction
from model.inputs.identity import DicomIdentity, read_identity
from model.inputs.limits import MAX_BYTES
from model.inputs.origin import Origin, SealedHeader
from model.inputs.report import MAX_CHARACTERS, read_report, report_name

__all__ = [
    "MAX_BYTES",
    "MAX_CHARACTERS",
    "Contradiction",
    "DicomIdentity",
    "Film",
    "Header",
    "Origin",
    "SealedHeader",
    "contradiction",
    "name_of",
    "read_film",
    "read_identity",
    "read_report",
    "report_name",
]

# pydicom's warnings quote the header values that they are about.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
