"""Fine-tuning of the encoders, which is done on request alone: it reads films and takes minutes to hours.

It is a training like any other (`model.train`), gentler and shorter, from the weights as they are, on the training
studies with the labels that reviewers gave them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from model.arrays import StudyArrays, load_arrays
from model.corrections import Correction, relabelled
from model.data import Study
from model.engine import Engine
from model.network import Network
from model.train import train

EPOCHS = 2
GENTLY = 0.1  # of the learning rates that the model was trained with
MOST_COPIES = 10  # of a corrected study in an epoch


def teach_encoders(
    base: Engine,
    studies: tuple[Study, ...],
    validation: tuple[Study, ...],
    corrected: dict[str, Correction],
    replay: float,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Engine:
    """An engine whose encoders learnt as well; the base stays as it is. Ctrl-C ends it early, with the best epoch.

    Args:
        studies: to learn from, with the table's labels.
        corrected: by study id; what is of other studies is left alone.
        replay: other studies for each corrected one: these are repeated until it is so, at most MOST_COPIES times.
        progress: wraps the loops over films.

    Raises:
        TrainingError: too few studies, or a loss that is no number.
        KeyboardInterrupt: Ctrl-C before the first epoch was done.
    """
    config = base.config
    gentle = replace(
        config,
        epochs=EPOCHS,
        learning_rate=config.learning_rate * GENTLY,
        encoder_learning_rate=config.encoder_learning_rate * GENTLY,
        mask_weight=0,
        patience=0,
    )
    # Built anew, as a loaded network no longer knows which of its parameters learn.
    network = Network(gentle, pretrained=False)
    network.load_state_dict(base.network.state_dict())
    taught = tuple(s for s in studies if s.study_id in corrected)
    ratio = (len(studies) - len(taught)) / max(len(taught), 1)
    copies = int(np.clip(ratio / replay if replay else MOST_COPIES, 1, MOST_COPIES))
    repeated = relabelled(studies + taught * (copies - 1), corrected)
    train(network, _arrays(repeated, base, progress), _arrays(validation, base, progress), base.device)
    network.config = config
    return Engine(network, "", base.device)


def _arrays(studies: tuple[Study, ...], base: Engine, progress: Callable[[Iterable], Iterable]) -> StudyArrays:
    return load_arrays(studies, base.findings, base.config.image_size, progress)
