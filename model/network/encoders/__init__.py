"""Encoders by name: `source/name` for images, a package, folder or Hugging Face name for reports.

The source of an image encoder is the module of that name in this folder, so a new source is one new file with a
`build(name, side, stride, frozen_stride, weights) -> ImageEncoder`.
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


def image_encoder(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """Build the image encoder `source/name`.

    Args:
        name: for instance `timm/tf_efficientnet_lite0` or `torchvision/resnet18`.
        side: of the films, in pixels.
        stride: pixels per cell of the feature map, at the most.
        frozen_stride: layers up to maps of this stride are not trained; 0: all are, `stride` or more: none is.
        weights: `imagenet` (those it is published with), `none`, or the path of a file of weights or of its folder.

    Raises:
        EncoderError: the source or name is unknown, it has no such feature map, or its weights are not here.
    """
    source, _, rest = name.partition("/")
    if source not in image_sources() or not rest:
        sources = ", ".join(image_sources())
        raise EncoderError(f"Image encoder {name!r} is unknown; expected source/name with a source of {sources}.")
    module = importlib.import_module(f"model.encoders.{source}")
    encoder = module.build(rest, side, stride, frozen_stride, weights)
    if frozen_stride:
        encoder.freeze(whole=frozen_stride >= stride)
    return encoder
