"""Encoders by name: `source/name` for images, a package, folder or Hugging Face name for reports.

The source of an image encoder is the module of that name in this folder, so a new source is one new file with a
`build(name, side, stride, frozen_stride, weights) -> ImageEncoder`.
"""

import importlib
import pkgutil

from model.errors import EncoderError
from model.network.encoders.base import ImageEncoder, require_digest


def image_sources() -> tuple[str, ...]:
    """The names of the image sources: the modules here that can `build`."""
    return tuple(m.name for m in pkgutil.iter_modules(__path__) if m.name not in ("base", "report"))


def image_encoder(
    name: str, side: int, stride: int, frozen_stride: int, weights: str, sha256: str = ""
) -> ImageEncoder:
    """Build the image encoder `source/name`.

    Args:
        name: for instance `timm/tf_efficientnet_lite0` or `torchvision/resnet18`.
        side: of the films, in pixels.
        stride: pixels per cell of the feature map, at the most.
        frozen_stride: layers up to maps of this stride are not trained; 0: all are, `stride` or more: none is.
        weights: `imagenet` (those that an installed package carries), `none`, or the path of a file of weights or of
            its folder.
        sha256: of that file, as its publisher says it; "" where it is not compared.

    Raises:
        EncoderError: the source or name is unknown, it has no such feature map, or its weights are not here
            or are others.
    """
    source, _, rest = name.partition("/")
    if source not in image_sources() or not rest:
        sources = ", ".join(image_sources())
        raise EncoderError(f"Image encoder {name!r} is unknown; expected source/name with a source of {sources}.")
    module = importlib.import_module(f"model.network.encoders.{source}")
    if sha256 and weights not in ("imagenet", "none"):
        require_digest(weights, sha256)
    encoder = module.build(rest, side, stride, frozen_stride, weights)
    if frozen_stride:
        encoder.freeze(whole=frozen_stride >= stride)
    return encoder
