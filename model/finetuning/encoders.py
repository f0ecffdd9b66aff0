"""Fine-tuning of the encoders, which is done on request alone: it reads films and takes minutes to hours.

It is a training like any other (`model.training.train`), gentler and shorter, from the weights as they are, on the
training studies with the labels that reviewers gave them.
"""

from dataclasses import replace

import numpy as np

from model.feedback.corrections import Correction, relabelled
from model.inference.engine import Engine
from model.network.network import Network
from model.progress import Progress
from model.studies.arrays import load_arrays
from model.studies.table import Study
from model.training.train import train

EPOCHS = 2
GENTLY = 0.1  # of the learning rates that the model was trained with
MOST_COPIES = 10  # of a corrected study in an epoch


def teach_encoders(
    base: Engine,
    studies: tuple[Study, ...],
    corrected: dict[str, Correction],
    replay: float,
    progress: Progress = iter,
) -> Engine:
    """An engine whose encoders learnt as well; the base stays as it is. Ctrl-C ends it early, with its last epoch.
    Studies for validation choose nothing here: both models are measured on them.

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
    train(network, load_arrays(repeated, config, progress), None, base.device)
    network.config = config
    return Engine(network, "", base.device)
