"""What the installed torchxrayvision says of its classifiers: where their files are, and what their outputs mean.

Its table is read from its source, as data. Importing the package takes seconds and would put a package of its own
called `model` before ours.
"""

import ast
import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from model.errors import WeightsError


class Classifier(NamedTuple):
    """What the table says of a classifier; a finding an output."""

    url: str
    findings: tuple[str, ...]  # "" where an output means nothing
    thresholds: tuple[float, ...]  # the probability at which it decides, in (0, 1); NaN where none was found
    side: int  # of its films, in pixels


def read_table(name: str) -> Classifier:
    """What the installed package says of a classifier.

    Raises:
        WeightsError: the package is not there, or does not know the name.
    """
    try:
        row = _rows()[name]
        thresholds = tuple(math.nan if t is None else float(t) for t in row["op_threshs"])
        found = Classifier(row["weights_url"], tuple(row["labels"]), thresholds, row["input_resolution"])
    except (OSError, KeyError, TypeError, ValueError, SyntaxError) as error:
        raise WeightsError(
            f"The installed torchxrayvision does not say where {name} is: install torchxrayvision 1.3 or newer."
        ) from error
    return found


class _NanIsNone(ast.NodeTransformer):
    """`np.nan` as None: literals alone are read."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Constant(None) if node.attr == "nan" else node


@cache
def _rows() -> dict[str, dict[str, Any]]:
    """The dictionaries that are assigned to entries of `model_urls`, and the entries that repeat them."""
    package = find_spec("torchxrayvision")
    if package is None or package.origin is None:
        raise FileNotFoundError("torchxrayvision")
    source = Path(package.origin).with_name("models.py").read_text("utf-8")
    rows: dict[str, dict[str, Any]] = {}
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.Assign) or not isinstance(target := statement.targets[0], ast.Subscript):
            continue
        key = ast.literal_eval(target.slice)
        if isinstance(statement.value, ast.Subscript):
            rows[key] = rows[ast.literal_eval(statement.value.slice)]
        else:
            rows[key] = ast.literal_eval(_NanIsNone().visit(statement.value))
    return rows
