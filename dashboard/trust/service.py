"""The film of the open case as its tests change it."""

from typing import Any

from dashboard.serving.session import Session
from dashboard.ui.pictures import data_url
from explain.trust.faithfulness import baselines

QUALITY = 95  # of a JPEG: what is compared are parts of pictures, beside one another


def films_of_tests(session: Session) -> dict[str, Any] | None:
    """The film as the model sees it, `own`, and by baseline what stands `instead` of a cell that is taken away; None
    where no case with a film is open."""
    case = session.opened
    if case is None or "image" not in case.encoded.modalities:
        return None
    square, _, box = case.encoded.image_part

    def picture(film) -> str:
        return data_url(film[0, 0].cpu().numpy(), quality=QUALITY)

    instead = {name: picture(film) for name, film in baselines(square, box).items()}
    return {"ticket": session.request_id, "own": picture(square), "instead": instead}
