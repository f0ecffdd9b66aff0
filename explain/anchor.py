"""What saturates the colours: one scale for films and one for words, fixed for a checkpoint.

Stretching each map to its own range makes weak evidence look strong. Instead the validation studies say once how
strong evidence is when the model is right, and every case, finding and β is painted on that scale.
"""

import numpy as np
import torch

from explain.gradcam import class_activation
from explain.gradient import pooled_gradient
from explain.tokens import contextual_cam
from explain.words import merge_pieces, split_words
from model.data import Study, load_film
from model.engine import Engine
from model.errors import InputError

# Half of the positive studies reach full colour somewhere.
PERCENTILE = 50
STUDIES = 200


def anchor_scales(engine: Engine, studies: tuple[Study, ...]) -> None:
    """Measure the scales on positive studies and set them in the engine's network.

    The image is measured at β = 1 and the report at β = 0, by the strongest cell or word of each finding that a study
    has.
    """
    cells, words = [], []
    for study in [s for s in studies if s.labels and not s.discordant][:STUDIES]:
        try:
            encoded = engine.encode(load_film(study), study.report)
        except InputError:
            continue
        spans = split_words(encoded.report, encoded.read_to)
        for finding in study.labels & set(engine.findings):
            gradient = pooled_gradient(engine, encoded, engine.finding_index(finding))
            cam = class_activation(encoded, gradient)
            if cam is not None:
                cells.append(cam[-1].max())
            if spans:
                scores = merge_pieces(contextual_cam(encoded, gradient).scores, encoded.tokens, spans)
                words.append(scores[0].max())
    for buffer, values in ((engine.network.cell_scale, cells), (engine.network.word_scale, words)):
        positive = [v for v in values if v > 0]
        if positive:
            buffer.copy_(torch.tensor(float(np.percentile(positive, PERCENTILE))))
