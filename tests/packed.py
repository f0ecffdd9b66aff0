"""Values of the page, read as the browser reads them."""

import base64
import json
from typing import Any

import numpy as np

from dashboard.ui.payload import LITTLE_ENDIAN_FLOAT


def unpack(value: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a packed value: what the browser reads."""
    header = json.loads(value)
    block = np.frombuffer(base64.b64decode(header.pop("block")), LITTLE_ENDIAN_FLOAT)
    layout = header.pop("arrays")
    return header, {
        name: block[start : start + int(np.prod(shape))].reshape(shape) for name, (start, *shape) in layout.items()
    }
