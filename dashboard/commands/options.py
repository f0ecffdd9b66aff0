"""`betalens options`."""

import dataclasses

from dashboard.console import Json, show

ORDER = 90


def command(json_: Json = False) -> None:
    """List the fields of a config: default, bounds and help."""
    from model.config import Config

    rows = {
        f.name: {"default": f.default, **{k: v for k, v in f.metadata.items() if v not in (None, ())}}
        for f in dataclasses.fields(Config)
    }
    show(rows, json_)
