"""`betalens weights list | fetch | add`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Json, show

ORDER = 24

app = typer.Typer(
    help="Weights that others published: list them, fetch them, or add them from a file. Nothing else fetches.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A name that `betalens weights list` has.")]


@app.command("list")
def list_weights(json_: Json = False) -> None:
    """Print the names, what they are for, licence, size, origin and SHA-256, and which are on this machine.

    A SHA-256 that is not known yet is written down at the first fetch; a file with another is refused from then on.
    """
    from model.storage.weights_cache import fetched_weights, read_ledger, weights_folder
    from model.weights.catalogue import CATALOGUE

    ledger = read_ledger()
    rows = {}
    for entry in CATALOGUE.values():
        there, known = fetched_weights(entry.name), ledger.get(entry.name)
        rows[entry.name] = {
            "for": entry.kind,
            "licence": entry.licence,
            "megabytes": round(known["bytes"] / 1e6) if known else entry.megabytes,
            "sha256": known["sha256"] if known else {"": entry.sha256} if entry.sha256 else {},
            "source": entry.source,
            "learnt_from": entry.learnt_from,
            "here": str(there) if there else None,
        }
    if json_:
        show({"folder": str(weights_folder()), "weights": rows}, as_json=True)
        return
    for name, row in rows.items():
        print(f"{'here' if row['here'] else '-':5} {name}")
        print(f"      for the {row['for']}, {row['licence']}, {row['megabytes']} MB, from {row['source']}")
        print(f"      learnt from {row['learnt_from']}")
        for file, digest in row["sha256"].items():
            print(f"      SHA-256 {digest} {file}".rstrip())
    print(f"What is fetched lies in {weights_folder()}.")


@app.command("fetch")
def fetch_weights(name: Name) -> None:
    """Fetch weights over the network, check them, and keep them on this machine."""
    from model.weights.catalogue import published

    entry = published(name)
    from model.weights.fetch import fetch  # loads PyTorch, which an unknown name need not wait for

    folder, now = fetch(name)
    print(f"{name} is in {folder}." if now else f"{name} is in {folder} already.")
    print(f"Licence: {entry.licence}; learnt from {entry.learnt_from}, whose terms are their own. Not for diagnosis.")


@app.command("add")
def add_weights(
    name: Name,
    path: Annotated[Path, typer.Argument(help="The file of a classifier, or the folder of a BERT.", exists=True)],
) -> None:
    """Take weights from a file that was brought from a machine with a network, and check them as `fetch` does."""
    from model.weights.fetch import add

    print(f"{name} is in {add(name, path)}.")
