"""Plotly's own script, from its Python package, served from here and from nowhere else."""

from pathlib import Path

import gradio as gr
import plotly


def serve_plotly() -> str:
    """Allow the file to be served; return its path, from which the page makes the address (BetaLens.fileUrl)."""
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    gr.set_static_paths([script])
    return str(script)
