"""What saturates the colours: one scale for films and one for words, fixed for a checkpoint.

Stretching each map to its own range makes weak evidence look strong. Instead the validation studies say once how
strong evidence is when the model is right, and every case, finding and β is painted on that scale.
"""

import numpy as np

from explain.every_beta.evidence import DEFAULT
from explain.methods.base import Question
from explain.methods.registry import method
from model.errors import InputError
from model.inference.engine import Engine
from model.progress import Progress
from model.studies.table import Study, load_film

# Half of the positive studies reach full colour somewhere.
PERCENTILE = 50
STUDIES = 60  # integrated gradients take a second for each finding of each


def anchor_scales(engine: Engine, studies: tuple[Study, ...], progress: Progress = iter) -> None:
    """Measure the scales on positive studies with the default methods, and set them in the engine's network.

    The image is measured at β = 1 and the report at β = 0, by the strongest cell or word of each finding that a study
    has.
    """
    positive = [s for s in studies if s.labels and not s.discordant]
    spread = positive[:: -(-len(positive) // STUDIES) or 1]
    strongest = {"image": [], "report": []}
    for study in progress(spread):
        try:
            encoded = engine.encode(load_film(study), study.report)
        except InputError:
            continue
        for finding in study.labels & set(engine.findings):
            for modality, beta in (("image", 1.0), ("report", 0.0)):
                if modality in encoded.modalities:
                    question = Question(engine, encoded, engine.finding_index(finding), (beta,))
                    scores = method(modality, DEFAULT[modality]).explain(question).scores
                    strongest[modality].append(scores.max(initial=0))
    for buffer, modality in ((engine.network.cell_scale, "image"), (engine.network.word_scale, "report")):
        values = [v for v in strongest[modality] if v > 0]
        if values:
            buffer.fill_(float(np.percentile(values, PERCENTILE)))
