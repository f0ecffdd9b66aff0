"""The atlas on the server: makes a map once for all readers, and answers what the page asks of its studies."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from dashboard.cases.case import OpenCase
from dashboard.serving.background_job import BackgroundJobs
from dashboard.serving.reference_cache import ReferenceCache
from dashboard.ui.payload import bits, bytes_of, lay_out
from dashboard.ui.pictures import study_card
from explain.cohort.atlas import FAR, METHODS, PRINCIPAL, UMAP, Layout, MapQuality, load_layout, place, quality_at
from explain.cohort.columns import Column, Columns
from explain.cohort.contrast import Contrast, Regions
from explain.cohort.neighbours import Finder
from explain.cohort.selection import inside, summarise
from explain.cohort.spaces import FUSED, SPACES
from model.errors import ChoiceError
from model.evaluation.metrics import probabilities_at
from model.feedback import Store
from model.inference.decision import reported
from model.progress import ProgressOf
from model.storage.spreadsheet import escape
from model.studies.table import Study

CARDS_AT_ONCE = 24  # the picture files that one request may have read
MOST_CORNERS = 2000  # of a lasso
PATH_BETAS = np.linspace(0, 1, 21)  # where the place of a case is computed; drawn as lines between


class Key(NamedTuple):
    """What a map is of, and how it is made."""

    space: str
    method: str


FIRST = Key(FUSED, UMAP)


class Chart(NamedTuple):
    """A map with what is asked of it."""

    layout: Layout
    finder: Finder
    columns: Columns


class AtlasService:
    """The maps of one table under one engine. Safe to ask from many threads."""

    def __init__(self, reference_cache: ReferenceCache, store: Store):
        self.engine, self.table = reference_cache.engine, reference_cache.table
        self.reference_cache, self.store = reference_cache, store
        self.contrast = Contrast(reference_cache.table)
        self._charts = BackgroundJobs("atlas", self._make)
        self._qualities: dict[tuple[Key, float], MapQuality] = {}
        self._judging = threading.Lock()  # takes a core for a second: one at a time

    def chart(self, key: Key) -> Iterator[dict[str, Any]]:
        """How far the work is, now and again, and at last the map: {"space", "method", "progress" | "error" | …}."""
        for message in self._charts.of(key).messages(self._describe):
            yield key._asdict() | message

    def column(self, key: Key, kind: str, finding: str) -> dict[str, Any]:
        """What the studies of a map are coloured by.

        Raises:
            ChoiceError: the map cannot be made, or the kind or finding is unknown.
            FeedbackError: the verdicts cannot be read.
        """
        column: Column = self._made(key).columns.column(kind, finding)
        said = {"kind": column.kind, "names": column.names, "betas": len(column.codes)}
        return key._asdict() | {"column": kind, "finding": finding} | said | {"codes": bytes_of(column.codes)}

    def trust(self, key: Key, beta: float) -> dict[str, Any]:
        """The trustworthiness of a map at β, to the hundredth that the slider has.

        Raises:
            ChoiceError: the map cannot be made.
        """
        beta = round(beta, 2)
        return key._asdict() | {"beta": beta, "trust": round(self._quality(key, self._made(key), beta).trust, 4)}

    def standing(self, key: Key, case: OpenCase, beta: float) -> dict[str, Any] | None:
        """How near a case is at β to what a map is made of: the share of the studies that lie closer to their own
        nearest one; and whether the model can tell of it, which is asked of film and report themselves and depends on
        no β. None before the map is made, and for a case that has no place in the space."""
        chart = self._charts.result(key)
        if chart is None:
            return None
        beta = round(self.engine.clamp_beta(case.encoded, beta), 2)
        found = place(chart.layout, chart.finder, case.encoded, key.space, beta, self._row_of(case))
        if found is None:
            return None
        closer = self._quality(key, chart, beta).closer_share(found.distance)
        cannot_tell = self.engine.familiarity(case.encoded).to_json()["cannot_tell"]
        return {"case": case.case_id, "closer": round(closer, 4), "far": closer >= FAR, "cannot_tell": cannot_tell}

    def cards(self, key: Key, points: list[Any]) -> dict[str, Any]:
        """What is shown of some points of a map: study, findings, film, and the first words of the report."""
        known = [(p, study) for p in points[:CARDS_AT_ONCE] if (study := self.study_at(key, p))]
        return {"cards": {point: study_card(study) for point, study in known}}

    def study_at(self, key: Key, point: Any) -> Study | None:
        """The study of a point; None where there is no such point."""
        rows = self._made(key).layout.rows
        return self.table.studies[rows[point]] if isinstance(point, int) and 0 <= point < len(rows) else None

    def select(self, key: Key, polygon: Any, shown: Any, beta: float) -> Iterator[dict[str, Any]]:
        """What lies in a polygon on the map at β: numbers and words at once, then where the films differ.

        Args:
            polygon: corners on the map, from the page.
            shown: bits of the points that are not filtered away, from the page; what is none means all.
        """
        chart = self._made(key)
        chosen = self._inside(chart, polygon, shown, beta)
        member = np.zeros(len(chart.layout.rows), bool)
        member[chosen] = True
        group, rest = chart.layout.rows[member], chart.layout.rows[~member]
        found = {"beta": beta, "size": len(group), "members": bytes_of(member)}
        if len(group):
            summary = summarise(self.engine, self.table, self.reference_cache.reference(), group, rest, beta)
            said = summary._asdict() | {"findings": [finding._asdict() for finding in summary.findings]}
            words = [word._asdict() for word in self.contrast.words(group, rest)]
            found |= {"summary": said, "words": words, "regions": None, "reading": True}
            yield found
            found |= {"regions": _regions(self.contrast.regions(group, rest))}
        yield found | {"reading": False}

    def inside(self, key: Key, polygon: Any, shown: Any, beta: float) -> list[str]:
        """The ids of the same studies."""
        chart = self._made(key)
        return [
            self.table.studies[row].study_id for row in chart.layout.rows[self._inside(chart, polygon, shown, beta)]
        ]

    def export(self, key: Key, polygon: Any, shown: Any, beta: float, patients: bool = False) -> str:
        """The same studies as a CSV: a row each, with its place and what the model makes of it at β.

        Args:
            patients: with a column of their patients.
        """
        chart = self._made(key)
        chosen = self._inside(chart, polygon, shown, beta)
        rows = chart.layout.rows[chosen]
        studies = [self.table.studies[row] for row in rows]
        p = probabilities_at(self.engine, self.reference_cache.reference(), beta, rows)
        names = self.engine.findings
        x, y = chart.layout.at(beta)[chosen].T.astype(float).round(4)
        table = {
            "study_id": [s.study_id for s in studies],
            **({"patient_id": [s.patient_id for s in studies]} if patients else {}),
            "split": [s.split for s in studies],
            "label": ["|".join(sorted(s.labels)) for s in studies],
            "decided": ["|".join(reported(row, names, self.engine.config.problem_type)) for row in p],
            "discordant": [int(s.discordant) for s in studies],
            "source": [s.source for s in studies],
            "beta": beta,
            "x": x,
            "y": y,
        } | {f"p_{name}": p[:, i].astype(float).round(6) for i, name in enumerate(names)}
        return pd.DataFrame(table).map(lambda c: escape(c) if isinstance(c, str) else c).to_csv(index=False)

    def place_of(self, key: Key, case: OpenCase) -> dict[str, Any] | None:
        """Where a case lies on a map over β. None before the map is made, and for a case that has no place in the
        space."""
        chart = self._charts.result(key)
        if chart is None:
            return None
        betas = [self.engine.clamp_beta(case.encoded, float(b)) for b in (PATH_BETAS if key.space == FUSED else [0.0])]
        layout, finder, _ = chart
        row = self._row_of(case)
        found = [place(layout, finder, case.encoded, key.space, beta, row) for beta in betas]
        places = [p for p in found if p is not None]
        if len(places) < len(betas):
            return None
        return {"case": case.case_id, "path": [p.xy.round(4).tolist() for p in places]}

    def _row_of(self, case: OpenCase) -> int | None:
        """The row of a case in the reference, where it is one of its studies as it came."""
        return self.reference_cache.row_of(case.study.study_id) if case.study and not case.changes else None

    def _quality(self, key: Key, chart: Chart, beta: float) -> MapQuality:
        """Computed once for all readers."""
        with self._judging:
            if (key, beta) not in self._qualities:
                self._qualities[key, beta] = quality_at(chart.layout, chart.finder.vectors, key.space, beta)
            return self._qualities[key, beta]

    def _make(self, key: Key, counted: ProgressOf) -> Chart:
        vectors = self.reference_cache.vectors(counted("encoding"), counted("encoding"))
        layout = load_layout(vectors, self.table, *key, counted("layout"))
        columns = Columns(self.engine, self.table, self.reference_cache.reference(), layout.rows, self.store.rows)
        return Chart(layout, Finder(vectors, layout.rows), columns)

    def _made(self, key: Key) -> Chart:
        """A map that the page was given: waited for, where the server was started anew since."""
        job = self._charts.of(key)
        for _ in job.follow():
            pass
        if job.result is None:
            raise ChoiceError(job.error)
        return job.result

    def _describe(self, chart: Chart) -> dict[str, Any]:
        layout = chart.layout
        shape, block = lay_out({"xy": layout.xy})
        return {
            "n": len(layout.rows),
            "of": len(self.table.studies),
            "most": self.engine.config.atlas_most,
            "slices": len(layout.xy),
            "neighbours": self.engine.config.atlas_neighbours,
            "findings": self.engine.findings,
            "columns": chart.columns.offered(),
            "arrays": shape,
            "block": block,
        }

    @staticmethod
    def _inside(chart: Chart, polygon: Any, shown: Any, beta: float) -> Int[np.ndarray, "k"]:
        xy = chart.layout.at(beta)
        return inside(_corners(polygon), xy, None if shown is None else bits(shown, len(xy)))


def key_of(data: dict[str, Any]) -> Key:
    """The map that the page asks for; the first one where it asks for none there is."""
    key = Key(str(data.get("space")), str(data.get("method")))
    return key if key.space in SPACES and key.method in METHODS else FIRST


def choices() -> dict[str, tuple[str, ...]]:
    """What a reader may choose from."""
    return {"spaces": SPACES, "methods": (UMAP, PRINCIPAL)}


def _corners(polygon: Any) -> Float[np.ndarray, "corners 2"]:
    try:
        corners = np.asarray(polygon[:MOST_CORNERS], float).reshape(-1, 2)
    except (TypeError, ValueError, KeyError):
        return np.zeros((0, 2))
    return corners if np.isfinite(corners).all() else np.zeros((0, 2))


def _regions(found: Regions | None) -> dict[str, Any] | None:
    if found is None:
        return None
    layout, block = lay_out({"film": found.film, "t": found.t})
    return {"films": found.films, "elsewhere": found.elsewhere, "arrays": layout, "block": block}
