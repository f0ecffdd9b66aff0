"""The bar at the top: product, model, device, β, language, light, and who is logged in."""

import gradio as gr
import torch

from dashboard.access.identity import who
from dashboard.serving.model_registry import ModelRegistry
from dashboard.ui.events import QUIET
from dashboard.ui.payload import as_json
from dashboard.ui.widgets import widget
from model.inference.engine import Engine
from model.storage.paths import DEMO_CHECKPOINT


def header(page: gr.Blocks, serving: ModelRegistry) -> gr.HTML:
    """The header over the model that is served when the page is loaded; see `facts`."""
    bar = widget("header", facts(serving.now.engine))
    page.load(lambda: facts(serving.now.engine), None, bar, **QUIET)
    return bar


def facts(engine: Engine) -> str:
    """What the header says of a model."""
    name = "demo" if engine.folder == DEMO_CHECKPOINT else engine.folder.name if engine.folder else "model"
    reader = who()
    known = {
        "who": reader.name,
        "role": f"role.{reader.role.name.lower()}",
        "model": f"{name} · {engine.digest[:8]}",
        "digest": f"SHA-256 {engine.digest}",
        "device": torch.cuda.get_device_name(engine.device) if engine.device.type == "cuda" else "CPU",
    }
    return as_json(known)
