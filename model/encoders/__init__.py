"""Encoders by name: `source/name` for images, a package, folder or Hugging Face name for reports.

The source of an image encoder is the module of that name in this folder, so a new source is one new file with a
`build(name, stride, frozen_stride, weights) -> ImageEncoder`.
"""

import importlib
import pkgutil

from model.encoders.base import ImageEncoder
from model.errors import EncoderError

__all__ = ["ImageEncoder", "image_encoder", "image_sources"]


def image_sources() -> tuple[str, ...]:
    """The names of the image sources: the modules here that can `build`."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(n for n in names if n not in ("base", "report"))


def image_encoder(name: str, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """Build the image encoder `source/name`.

    Args:
        name: for instance `timm/tf_efficientnet_lite0` or `torchvision/resnet18`.
        stride: pixels per cell of the feature map, at the most.
        frozen_stride: layers up to maps of this stride are kept as they came, unless they start from `none`.
        weights: `imagenet`, `none`, or the path of a file of weights.

    Raises:
        EncoderError: the source or name is unknown, it has no such feature map, or its weights are not here.
    """
    source, _, rest = name.partition("/")
    if source not in image_sources() or not rest:
        raise EncoderError(f"Image encoder {name!r} is unknown; expected source/name with one of {image_sources()}.")
    encoder = importlib.import_module(f"model.encoders.{source}").build(rest, stride, frozen_stride, weights)
    if weights != "none":
        encoder.freeze_early()
    return encoder
