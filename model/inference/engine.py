"""A loaded model that encodes a case once and then answers at any β.

Nothing here hooks the network or changes it, so any number of threads may use one engine.
"""

import copy
import itertools
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from cachetools import LRUCache, cachedmethod
from cachetools.keys import hashkey
from jaxtyping import Float
from torch import Tensor

from model.compute.memory import trim_heap, tune_malloc
from model.errors import CheckpointError, ChoiceError, InputError
from model.inference.encoding import Case, Encoded, encode_cases, stack_pooled
from model.inference.familiarity import Familiarity, KnownStudies, familiarity, read_known
from model.inference.provenance import Provenance, read_provenance
from model.inputs import Film
from model.network import checkpoint
from model.network.network import Network
from model.storage.paths import DEMO_CHECKPOINT
from model.view import views_of

# An encoded case takes about 1 MB: film, feature map and contextual pieces.
CACHED_CASES = 128
TIDY_EVERY = 32  # encoded cases
NOTHING = "The case is empty: give a radiograph, a report, or both."


class Engine:
    """A network on a device, with a cache of encoded cases.

    Attributes:
        network: in evaluation mode, without gradients for its parameters.
        digest: SHA-256 of the weights.
        provenance: what the network has learnt from; None where nothing says it.
        known: what the studies that it has learnt from are like, by modality; None where that was not measured.
        findings: names of the findings, in the order of the logits.
    """

    def __init__(
        self,
        network: Network,
        digest: str,
        device: torch.device,
        folder: Path | None = None,
        provenance: Provenance | None = None,
        known: KnownStudies | None = None,
    ):
        self.network = network.to(device).eval().requires_grad_(False)
        self.digest = digest
        self.device = device
        self.folder = folder
        self.provenance = provenance
        self.known = known
        self.config = network.config
        self.findings = network.config.findings
        self.default_beta = network.config.default_beta
        self._cache = LRUCache(CACHED_CASES)
        self._lock = threading.Lock()
        self._encoded = itertools.count(1)

    @classmethod
    def load(cls, folder: Path | None = None, device: str = "auto") -> "Engine":
        """The engine of a checkpoint folder; of the embedded demo where none is given.

        Raises:
            CheckpointError: the checkpoint is damaged, foreign or incomplete.
            ChoiceError: the device is none of auto, cpu and cuda, or there is no GPU.
        """
        where = choose_device(device)
        folder = folder or DEMO_CHECKPOINT
        network, digest = checkpoint.load(folder, where)
        return cls(network, digest, where, folder, read_provenance(folder), read_known(folder))

    def on_cpu(self) -> "Engine":
        """The same model on the CPU, for what the GPU has no memory for."""
        network = Network(self.config, pretrained=False)
        network.load_state_dict({name: tensor.cpu() for name, tensor in self.network.state_dict().items()})
        return Engine(network, self.digest, torch.device("cpu"), self.folder, known=self.known)

    @cachedmethod(
        lambda self: self._cache,
        key=lambda self, film, report: hashkey(film and film.sha256, report),
        lock=lambda self: self._lock,
        info=True,
    )
    def encode(self, film: Film | None, report: str) -> Encoded:
        """Run the encoders on a case, once: the same case again comes from the cache.

        Args:
            film: a film, or None where the case has no image.
            report: a report, or "" where the case has none.

        Raises:
            InputError: there is neither an image nor a report.
            CheckpointError: what the network makes of it is not finite.
        """
        if next(self._encoded) % TIDY_EVERY == 0:
            trim_heap()
        if film is None and not report.strip():
            raise InputError(NOTHING)
        return self.encode_cases([Case.of(film, report, self.config)])[0]

    def encode_cases(self, cases: Sequence[Case], views: bool = True) -> list[Encoded]:
        """Run the encoders over cases, which are not kept.

        Args:
            views: ask, too, what each film is, where the model is one of frontal films of chests.

        Raises:
            CheckpointError: what the network makes of one is not finite.
        """
        encoded = encode_cases(self.network, cases)
        if not all(vectors.isfinite().all() for vectors in stack_pooled(encoded)):
            raise CheckpointError(
                f"The model (SHA-256 {self.digest[:12]}…) makes no finite numbers of this case: serve another version."
            )
        return self._viewed(encoded) if views else encoded

    def _viewed(self, encoded: list[Encoded]) -> list[Encoded]:
        """The same, with what each film is by its pixels: of a model of frontal films of chests, and where the header
        says nothing against one."""
        if not (self.known and self.known.frontal):
            return encoded
        asked = {i: c.square for i, c in enumerate(encoded) if c.square is not None and not c.contradiction}
        views = views_of([square[0, 0].cpu().numpy() for square in asked.values()], self.device)
        for i, view in zip(asked, views, strict=True):
            encoded[i] = encoded[i]._replace(view=view)
        return encoded

    def fold(self, number: int) -> "Engine":
        """The network of a fold of the cross-validation, which has not seen the studies that this fold held out."""
        assert self.provenance is not None  # it says which folds there are
        network = copy.deepcopy(self.network)
        state = {name: torch.from_numpy(tensor) for name, tensor in self.provenance.folds[number].items()}
        network.load_state_dict(state, strict=False)
        return Engine(network, f"{self.digest}-fold-{number}", self.device)

    def forget(self) -> None:
        """Drop the cache of encoded cases."""
        with self._lock:
            self._cache.clear()

    def clamp_beta(self, encoded: Encoded, beta: float) -> float:
        """β as this case allows it: 1 without a report, 0 without an image.

        Raises:
            ChoiceError: β is not a number from 0 to 1.
        """
        beta = valid_beta(beta)
        if "report" not in encoded.modalities:
            return 1.0
        return beta if "image" in encoded.modalities else 0.0

    @torch.no_grad()
    def logits(self, encoded: Encoded, betas: Float[np.ndarray, "n"]) -> Float[Tensor, "n findings"]:
        """Logits at each β (clamped to what the case allows). Only the head runs."""
        clamped = [self.clamp_beta(encoded, float(b)) for b in betas]
        beta = torch.tensor(clamped, dtype=torch.float32, device=self.device)[:, None]
        image, report = self.network.embed(encoded.pooled)
        return self.network.decide(image.expand(len(beta), -1), report.expand(len(beta), -1), beta)

    def probabilities(self, encoded: Encoded, betas: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n findings"]:
        """Probabilities at each β, in [0, 1]."""
        return self.network.probabilities(self.logits(encoded, betas)).cpu().numpy()

    def familiarity(self, encoded: Encoded) -> Familiarity:
        """Whether the model can tell of a case at all: asked before its probabilities are read."""
        return familiarity(self.known, encoded)

    def likeliest(self, encoded: Encoded, beta: float) -> str:
        """The finding with the highest probability at β."""
        return self.findings[int(self.probabilities(encoded, np.array([beta]))[0].argmax())]

    def warm_up(self) -> None:
        """Let encoders and head run once: the first pass of a network is slow, and should not be a reader's."""
        side = self.config.image_size
        (encoded,) = encode_cases(self.network, [Case(np.zeros((side, side), np.float32), None, "Warm up.")])
        self.logits(encoded, np.array([self.default_beta]))
        self._viewed([encoded])

    def finding_index(self, finding: str) -> int:
        """The place of a finding among the logits.

        Raises:
            ChoiceError: the model does not know it.
        """
        if finding not in self.findings:
            raise ChoiceError(f"Finding {finding!r} is unknown; this model decides on {', '.join(self.findings)}.")
        return self.findings.index(finding)


def valid_beta(beta: float) -> float:
    """β, a number from 0 to 1.

    Raises:
        ChoiceError: it is none.
    """
    if not 0 <= beta <= 1:
        raise ChoiceError(f"β is {beta}; it takes a number from 0 (report alone) to 1 (image alone).")
    return float(beta)


def choose_device(name: str) -> torch.device:
    """`auto` is the GPU where there is one, and the CPU otherwise.

    Raises:
        ChoiceError: the name is none of auto, cpu and cuda, or `cuda` is asked for and there is none.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ChoiceError(f"Device {name!r} is unknown; expected auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ChoiceError("Device cuda was asked for, but PyTorch sees no GPU; use --device cpu or auto.")
    if name != "cpu" and torch.cuda.is_available():
        return torch.device("cuda")
    tune_malloc()
    return torch.device("cpu")
