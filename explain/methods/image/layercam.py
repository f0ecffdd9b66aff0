"""Each cell of each channel is weighted with its own positive gradient, where Grad-CAM takes the mean over cells: made
for fine maps from early layers.

Costs nothing beside the encoding of the film. Only evidence for the finding is seen, never against it, so the map
overstates the film where channels disagree. On the last layer of this model, which pools by the mean, all cells of a
channel share one gradient: it is Grad-CAM without the channels that speak against the finding.

Jiang et al., "LayerCAM", IEEE Transactions on Image Processing 30, 2021.
"""

from explain.methods.base import Attribution, Batch

TITLE = "LayerCAM"
ORDER = 3
ONE_SIDED = True


def explain(batch: Batch) -> list[Attribution]:
    """Σ over channels of relu(∂logit/∂feature) · feature."""
    return batch.weighted_maps(batch.cell_gradient.clamp(min=0))
