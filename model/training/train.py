"""Training: one loop, β drawn per sample, so that the head knows every β it will be asked for.

Accelerate runs it on a CPU, a GPU, or as many processes as `accelerate launch` starts. An epoch follows from the seed
and its number alone, and its end is saved: a training that was killed goes on as if it had not been.
"""

import copy
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list
from sklearn.metrics import roc_auc_score
from torch import Tensor
from tqdm import tqdm

from model.config import Config
from model.errors import TrainingError
from model.inference.encoding import Case, pool_cases
from model.network.network import Network, Pooled, allowed_beta
from model.studies.arrays import StudyArrays
from model.training.batches import LEAST, Part, batches, steps_of
from model.training.loss import TrainingLoss
from model.training.reading import learn_to_read
from model.training.resume import TrainingState, fingerprint

WARM_UP = 0.1  # share of the steps in which the learning rate rises
VALIDATION_BETAS = (0.0, 0.5, 1.0)
REFERENCES = 2000  # training studies at most, whose mean embeddings stand for "nothing known"


def train(
    network: Network,
    data: StudyArrays,
    validation: StudyArrays | None,
    device: torch.device,
    folder: Path | None = None,
    resume: bool = False,
) -> bool:
    """Fit a network; the weights with the best mean validation AUROC over β = 0, ½, 1 are kept. Without studies for
    validation, which cost data where data are few, those of the last epoch are.

    Ctrl-C ends the training early, with the best weights so far.

    Args:
        network: its `config` says how it is trained.
        data: what it learns from; outlines in `data.masks`, if any, guide the image encoder.
        device: under `accelerate launch` each process takes its own of that kind.
        folder: for the state after each epoch and the TensorBoard logs; None keeps neither.
        resume: go on from the state in the folder, with the same config, studies and processes.

    Returns:
        Whether every epoch was done; False after Ctrl-C. The network is in evaluation mode, with its reference
        embeddings set; in a process that is not the main one, as it was after the last step.

    Raises:
        TrainingError: too few studies, a loss that is no number, or a state that cannot be used.
        KeyboardInterrupt: Ctrl-C before the first epoch was done.
    """
    run = Run(network, data, device, folder, resume)
    with tqdm(total=run.steps * network.config.epochs, disable=not run.main, unit="step", mininterval=1) as bar:
        bar.update(run.epoch * run.steps)
        try:
            while run.goes_on():
                run.learn_epoch(data, bar)
                run.end_epoch(validation, bar)
        except KeyboardInterrupt:
            if not run.best:
                raise
            tqdm.write("Interrupted: keeping the best weights so far; --resume goes on.", file=sys.stderr)
    if run.main:
        network.load_state_dict(run.best)
        some = data.rows(np.linspace(0, len(data) - 1, min(REFERENCES, len(data))).astype(int))
        pooled = pool_arrays(network, some)
        network.set_references(pooled, torch.from_numpy(some.has).to(pooled.image.device))
    run.accelerator.end_training()
    network.eval()
    return not run.goes_on()


class Run:
    """A training between two of its epochs."""

    def __init__(self, network: Network, data: StudyArrays, device: torch.device, folder: Path | None, resume: bool):
        config = self.config = network.config
        self.accelerator = _accelerator(device, folder)
        self.part = Part(self.accelerator.process_index, self.accelerator.num_processes)
        self.main = self.accelerator.is_main_process
        self.steps = steps_of(len(data), config.batch_size, self.part)
        if not self.steps:
            least = LEAST * self.part.world
            raise TrainingError(f"Training needs at least {least} studies in split train; there are {len(data)}.")
        mark = fingerprint(config, data, self.part.world)
        self.state = folder and TrainingState(folder, mark, resume)
        saved = self.state.load(self.accelerator.device) if resume and self.state else None
        if config.report_epochs and not saved:
            learn_to_read(network, data, self.accelerator.device, folder, mark, resume, self.main)
        torch.manual_seed(config.seed)
        learner = TrainingLoss(network, torch.from_numpy(data.labels), data.masks is not None)
        learner.to(self.accelerator.device)
        self.network, self.bare = network, learner
        optimizer, self.schedule = _optimizer(learner, config, self.steps)
        self.learner, self.optimizer = self.accelerator.prepare(learner, optimizer)
        self.epoch, self.best, self.best_score, self.stale = 0, {}, -math.inf, 0
        if resume and self.state:
            if saved:
                self._restore(saved)
            elif self.main and not config.report_epochs:
                tqdm.write("There is no unfinished training to resume; it starts from the beginning.", file=sys.stderr)

    def goes_on(self) -> bool:
        """Whether another epoch follows."""
        patience = self.config.patience
        return self.epoch < self.config.epochs and not (patience and self.stale >= patience)

    def learn_epoch(self, data: StudyArrays, bar: tqdm) -> None:
        """Every study once."""
        self.learner.train()
        self.losses: list[float] = []
        seed = (self.config.seed, self.epoch)
        for batch in batches(data, self.config.batch_size, seed, self.part, self.accelerator.device):
            loss = self.learner(batch)
            self.optimizer.zero_grad(set_to_none=True)
            self.accelerator.backward(loss)
            self.accelerator.clip_grad_norm_(self.learner.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.losses.append(loss.item())
            if not math.isfinite(self.losses[-1]):
                raise TrainingError(
                    f"The loss became {self.losses[-1]} in epoch {self.epoch + 1}; lower learning_rate."
                )
            bar.set_description(f"epoch {self.epoch + 1}/{self.config.epochs}", refresh=False)
            bar.set_postfix(self._postfix(), refresh=False)
            bar.update()

    def end_epoch(self, validation: StudyArrays | None, bar: tqdm) -> None:
        """Validate, keep what is best, and save."""
        self.epoch += 1
        if validation is not None:
            named = self._validate(validation)
        else:  # nothing says that earlier weights were better
            self.best, named = _copy(self.network), {}
        if not self.main:
            return
        loss = float(np.mean(self.losses))
        if self.state:
            rate = self.schedule.get_last_lr()[-1]
            logged = {"loss": loss, "learning_rate": rate} | {f"validation AUROC/{n}": a for n, a in named.items()}
            self.accelerator.log(logged, step=self.epoch)
            self.state.save(self._state_to_save())
        measured = "  ".join(f"{name}: {a:.4f}" for name, a in named.items())
        tqdm.write(
            f"epoch {self.epoch}/{self.config.epochs}  loss {loss:.4f}"
            + (f"  validation AUROC {measured}" if measured else ""),
            file=sys.stderr,
        )
        bar.set_postfix(self._postfix())

    def _validate(self, validation: StudyArrays) -> dict[str, float]:
        """Macro AUROC by β; the weights are kept where its mean is the highest so far."""
        aurocs = validate(self.network, validation) if self.main else []
        aurocs = broadcast_object_list([aurocs])[0]
        score = float(np.nanmean(aurocs)) if not np.isnan(aurocs).all() else 0.0
        if score > self.best_score:
            self.best, self.best_score, self.stale = _copy(self.network), score, 0
        else:
            self.stale += 1
        return {f"β={b:g}": a for b, a in zip(VALIDATION_BETAS, aurocs, strict=True)}

    def _postfix(self) -> dict[str, str]:
        facts = {"loss": f"{np.mean(self.losses[-50:]):.4f}"}
        if math.isfinite(self.best_score):
            facts["best validation AUROC"] = f"{self.best_score:.4f}"
        return facts

    def _state_to_save(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "best": self.best,
            "best_score": self.best_score,
            "stale": self.stale,
            "learner": self.bare.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def _restore(self, saved: dict[str, Any]) -> None:
        self.bare.load_state_dict(saved["learner"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        self.epoch, self.best, self.best_score, self.stale = (
            saved[name] for name in ("epoch", "best", "best_score", "stale")
        )


def _accelerator(device: torch.device, folder: Path | None) -> Accelerator:
    """bf16 on a GPU that has it; TensorBoard's logs in the folder."""
    on_cpu = device.type == "cpu"
    mixed = "bf16" if not on_cpu and torch.cuda.is_bf16_supported() else "no"
    accelerator = Accelerator(
        cpu=on_cpu,
        mixed_precision=mixed,
        log_with="tensorboard" if folder else None,
        project_dir=folder,
        # The word pieces of a batch without reports, or a map without outlines, reach no loss.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    if folder:
        accelerator.init_trackers("logs")
    return accelerator


def _copy(network: Network) -> dict[str, Tensor]:
    return copy.deepcopy({name: tensor.detach() for name, tensor in network.state_dict().items()})


def _optimizer(learner: TrainingLoss, config: Config, steps_per_epoch: int):
    network = learner.network
    encoders = [*network.image_encoder.parameters(), *network.report_encoder.parameters()]
    known = {id(p) for p in encoders}
    groups = [
        {"params": [p for p in encoders if p.requires_grad], "lr": config.encoder_learning_rate},
        {"params": [p for p in learner.parameters() if id(p) not in known], "lr": config.learning_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    total = max(4, config.epochs * steps_per_epoch)  # the schedule divides by the length of each of its phases
    warm_up = max(WARM_UP, 2 / total)
    rates = [g["lr"] for g in groups]
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=total, pct_start=warm_up)


def pool_arrays(network: Network, data: StudyArrays) -> Pooled:
    """The pooled vectors of all studies, without augmentation."""
    network.eval()
    cases = (
        Case(film.astype(np.float32) / 255 if present else None, None, report)
        for film, present, report in zip(data.films, data.has[:, 0], data.reports, strict=True)
    )
    return pool_cases(network, cases, 32)


@torch.no_grad()
def validate(network: Network, data: StudyArrays) -> list[float]:
    """Macro AUROC at β = 0, ½ and 1."""
    embeddings = network.eval().embed(pool_arrays(network, data))
    has = torch.from_numpy(data.has).to(embeddings[0].device)
    scores = []
    for beta in VALIDATION_BETAS:
        p = network.probabilities(network.decide(*embeddings, allowed_beta(has, beta))).cpu().numpy()
        columns = [i for i in range(p.shape[1]) if 0 < data.labels[:, i].sum() < len(data)]
        scores.append(float(np.mean([roc_auc_score(data.labels[:, i], p[:, i]) for i in columns] or [np.nan])))
    return scores
