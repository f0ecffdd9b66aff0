"""What a picture is, by its pixels: a frontal radiograph of a chest that hangs as one is read, or what else.

A small network (`assets/view`, with its card) looks at a picture in all eight orientations of a square, and what it
says of them is averaged: of a film that is turned or mirrored it says what it says of the film, turned or mirrored
(Cohen and Welling, "Group Equivariant Convolutional Networks", ICML 2016, have it inside the network).
"""

from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file
from scipy.special import expit, softmax
from torch import Tensor, nn

from model.network.encoders import image_encoder
from model.network.preprocess import fit_film
from model.storage.paths import ASSETS

WEIGHTS = ASSETS / "view" / "view.safetensors"
SIDE = 160  # pixels of the square that the network sees
AT_ONCE = 8  # pictures through the network
# How much likelier than frontal, in logits, another kind must be: most pictures that people bring are frontal films.
MARGINS = {"frontal": 0.0, "mirrored": 0.25, "upside_down": 0.0, "turned": 0.0, "lateral": 0.5, "other": 1.5}
INVERTED_FROM = 0.5  # its probability
_ENCODER = "timm/tf_efficientnet_lite0"
_STRIDE = 16

ViewKind = Literal["frontal", "mirrored", "upside_down", "turned", "inverted", "lateral", "other"]


class View(NamedTuple):
    """What a picture is.

    Attributes:
        kind: frontal, a frontal radiograph of a chest that hangs as it is read: the patient's left on the right, head
            up, bone white; one that is mirrored, upside down (mirrored, too, or not), turned by 90° to a side, or
            inverted; a lateral radiograph of a chest; or other, anything else.
        probability: of what it is, in [0, 1], as the network has it; it is not calibrated.
    """

    kind: ViewKind
    probability: float


# How a frontal film that hangs as it is read came to lie as it does: turned k % 4 times by 90° against the clock
# (`numpy.rot90`), from 4 on mirrored after that.
ORIENTATIONS: tuple[ViewKind, ...] = (
    "frontal", "turned", "upside_down", "turned", "mirrored", "turned", "upside_down", "turned",
)  # fmt: skip
CLASSES: tuple[ViewKind, ...] = (*ORIENTATIONS, "lateral", "other")
INVERTED = len(CLASSES)  # the last logit, of its own


class ViewNetwork(nn.Module):
    """Logits of CLASSES, and of being inverted."""

    def __init__(self, weights: str = "none"):
        super().__init__()
        self.encoder = image_encoder(_ENCODER, SIDE, _STRIDE, _STRIDE // 2, weights)
        self.neck = nn.Sequential(
            nn.Conv2d(self.encoder.channels, 64, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, 2, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
        )
        self.out = nn.Sequential(nn.Dropout(0.3), nn.Linear(64 * (SIDE // _STRIDE // 2) ** 2, len(CLASSES) + 1))

    def forward(self, squares: Float[Tensor, "n 1 side side"]) -> Float[Tensor, "n classes_and_inverted"]:
        return self.out(self.neck(self.encoder(squares)).flatten(1))


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """A picture as ORIENTATIONS has it."""
    lying = np.rot90(pixels, orientation % 4)
    return np.ascontiguousarray(lying[:, ::-1] if orientation >= 4 else lying)


def view_of(pixels: Float[np.ndarray, "height width"]) -> View:
    """What a picture is, values in [0, 1]."""
    return views_of([pixels])[0]


def views_of(pictures: Sequence[np.ndarray], device: torch.device | None = None) -> list[View]:
    """What pictures are, each of values in [0, 1] and of any height and width.

    Args:
        device: where the network looks at them; the CPU where none is named.
    """
    views = []
    for start in range(0, len(pictures), AT_ONCE):
        squares = [fit_film(picture, SIDE)[0] for picture in pictures[start : start + AT_ONCE]]
        views += [_judged(logits) for logits in _averaged(squares, device or torch.device("cpu"))]
    return views


@torch.no_grad()
def _averaged(squares: list[np.ndarray], device: torch.device) -> Float[np.ndarray, "n logits"]:
    """Of each square the mean of the logits in all orientations, in the order of those of the square as it lies."""
    lying = np.stack([turned(square, way) for square in squares for way in _WAYS])[:, None]
    logits = _network(device)(torch.from_numpy(lying).to(device)).cpu().numpy().reshape(len(squares), len(_WAYS), -1)
    return np.mean([logits[:, way, _BACK[way]] for way in _WAYS], axis=0)


def _after(first: int, then: int) -> int:
    """The orientation of a picture that was turned as `first` says, and the result as `then` says."""
    turns = first % 4 + (-then % 4 if first >= 4 else then % 4)  # a mirror image turns the other way round
    return turns % 4 + (4 if (first >= 4) != (then >= 4) else 0)


_WAYS = range(len(ORIENTATIONS))
# The logits of a picture that was turned each way, in the order of those of the picture.
_BACK = [[*(_after(k, way) for k in _WAYS), *range(len(_WAYS), INVERTED + 1)] for way in _WAYS]


def _judged(logits: Float[np.ndarray, "logits"]) -> View:
    """The kind of the highest logit, but for a margin: a film is frontal unless something else is likelier by that."""
    exact = logits.astype(float)
    classes, inverted = exact[:INVERTED], float(expit(exact[INVERTED]))
    kind = CLASSES[int((classes - [MARGINS[kind] for kind in CLASSES]).argmax())]
    if kind == "frontal" and inverted > INVERTED_FROM:
        return View("inverted", inverted)
    return View(kind, float(softmax(classes)[[name == kind for name in CLASSES]].sum()))


@cache
def _network(device: torch.device) -> ViewNetwork:
    network = ViewNetwork()
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(WEIGHTS).items()})
    return network.to(device).eval()
