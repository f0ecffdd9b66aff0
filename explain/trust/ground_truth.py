"""Evidence against what is known: where a finding is on a film, and which words of the report state it.

Known of every study of the embedded demo, whose findings were drawn; of other tables, where the lungs are, if they say
so.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from explain.every_beta.heatmap import heatmap
from explain.methods.words import Word
from model.inputs import read_film
from model.network.preprocess import Box
from model.studies.table import Study, StudyTable, load_film


class Truth(NamedTuple):
    """What is known of one finding of a study.

    mask: where it is, over the whole film; None where that is not known.
    words: the indices of the words in the sentences that state it.
    """

    mask: Bool[np.ndarray, "rows cols"] | None
    words: tuple[int, ...]


def truth_of(table: StudyTable, study: Study, finding: str, words: tuple[Word, ...]) -> Truth | None:
    """The truth of a finding of a study; None where none is known.

    Args:
        words: of the study's own report.
    """
    if table.about is None:
        return None
    known = table.about.truth(study.study_id)
    spans = known.sentences.get(finding, [])
    stating = tuple(i for i, w in enumerate(words) if any(start <= w.start < end for start, end in spans))
    return Truth(known.masks.get(finding), stating)


def lungs_of(study: Study) -> Bool[np.ndarray, "height width"] | None:
    """Where the lungs are on the film of a study, if its table says so."""
    if study.lung_mask is None or study.image is None:
        return None
    mask, film = read_film(study.lung_mask.read_bytes(), alone=False).pixels > 0.5, load_film(study)
    return mask if film and mask.shape == film.pixels.shape else None


def points_inside(cam: Float[np.ndarray, "rows cols"], box: Box, mask: Bool[np.ndarray, "height width"]) -> bool:
    """The pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018): is the hottest
    point inside? A map without heat misses."""
    heat = heatmap(cam, box, *mask.shape)
    return bool(heat.max() > 0 and mask.ravel()[heat.argmax()])


def heat_concentration(
    cam: Float[np.ndarray, "rows cols"], box: Box, mask: Bool[np.ndarray, "height width"]
) -> float | None:
    """The share of the positive heat that lies inside the mask over the mask's share of the film: 1 for heat spread
    evenly. None without heat or without mask."""
    heat = heatmap(cam, box, *mask.shape)
    if heat.sum() == 0 or not mask.any():
        return None
    return float(heat[mask].sum() / heat.sum() / mask.mean())


def rank_percentile(scores: Float[np.ndarray, "words"], stating: tuple[int, ...]) -> float:
    """The mean rank of the stating words among all words: 1 where they are the highest, ½ by chance."""
    ranks = rankdata(scores)[list(stating)]
    return float((ranks - 0.5).mean() / len(scores))
