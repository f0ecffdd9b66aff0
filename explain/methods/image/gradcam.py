"""Each channel of the last feature map is weighted with how much the logit would change with its mean, and the weighted
channels are added up. The sum over the map is the first-order contribution of the film to the logit. The evidence
against the finding is left out of the picture.

Costs nothing beside the encoding of the film. As coarse as the feature map, and only first-order: what the head would
do if evidence went away altogether is not asked; occlusion asks it.

Selvaraju et al., "Grad-CAM", ICCV 2017.
"""

from explain.methods.base import Attribution, Batch

TITLE = "Grad-CAM"
ORDER = 1


def explain(batch: Batch) -> list[Attribution]:
    """The maps before ReLU. Equal to captum's `LayerGradCam`: features are pooled by their mean, so the mean over cells
    of ∂logit/∂feature is ∂logit/∂pooled ÷ cells."""
    return batch.weighted_maps(batch.cell_gradient)
