"""Which studies of a table show best what β does: `stories.json` beside its file, a line of the list of cases each.

    {"checkpoint": "SHA-256 of the model's file", "stories": [
        {"kind": "report_saw", "study": "a-study", "finding": "Effusion", "beta": 0.5, "flip": 0.55}]}

A story holds for one model: under another one the same study may show nothing. Without `checkpoint` it is told under
any.
"""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.errors import StudyTableError

FILE = "stories.json"
NEAR = 0.1  # how far from β the decision flips at most, for a story that a page opens on

StoryKind = Literal["report_saw", "film_saw", "negation", "other_patient", "nodule", "confidently_wrong"]


class Story(BaseModel):
    """One study, and where to look.

    Attributes:
        kind: what it shows, which the page has a sentence for.
        study: its id.
        finding: to explain.
        beta: to open it at, from 0 to 1.
        flip: the β nearest to `beta` at which the decision on the finding changes; None where it never does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StoryKind
    study: str
    finding: str
    beta: float = Field(ge=0, le=1)
    flip: float | None = Field(default=None, ge=0, le=1)

    @property
    def is_contested(self) -> bool:
        """Whether a small move of β changes the decision."""
        return self.flip is not None and abs(self.flip - self.beta) <= NEAR


class Stories(BaseModel):
    """The stories of a table, in the order in which they are told; none where no file has any.

    Attributes:
        checkpoint: digest of the model of which they are true; "" of any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = ""
    stories: tuple[Story, ...] = ()

    def renamed(self, names: Mapping[str, str]) -> "Stories":
        """The same under a model's names of the findings; a story on what is no finding for it, "", is left out."""
        stories = (story.model_copy(update={"finding": names[story.finding]}) for story in self.stories)
        return self.model_copy(update={"stories": tuple(story for story in stories if story.finding)})

    def opening(self, digest: str) -> Story | None:
        """The story that a page opens on under the model of that digest: the first that a small move of β decides
        otherwise, or else the first; None where there is none of this model."""
        told = self.stories if self.checkpoint in ("", digest) else ()
        return next((story for story in told if story.is_contested), next(iter(told), None))


NONE_TOLD = Stories()


def read_stories(folder: Path, studies: Container[str], findings: Container[str]) -> Stories:
    """The stories in the folder of a table.

    Args:
        studies: ids of the table's studies.
        findings: that its labels name.

    Raises:
        StudyTableError: the file cannot be read, or tells of what the table does not have; one sentence that says which
            story, and what is wrong with it.
    """
    path = folder / FILE
    try:
        told = Stories.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return NONE_TOLD
    except OSError as error:
        raise StudyTableError(f"{FILE} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        raise StudyTableError(_first_fault(error)) from None
    for number, story in enumerate(told.stories, 1):
        for what, name, known in ("study", story.study, studies), ("finding", story.finding, findings):
            if name not in known:
                raise StudyTableError(f"{FILE}: story {number} names the {what} {name[:40]!r}, which the table lacks.")
    return told


def _first_fault(error: ValidationError) -> str:
    """Where the file is wrong, and what was expected there; nothing of what it says."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    match fault["loc"]:
        case ("stories", int(place), str(field), *_):
            where = f"story {place + 1}: {field}"
        case place:
            where = ".".join(map(str, place)) or "the file"
    return f"{FILE}, {where}: {fault['msg'][0].lower()}{fault['msg'][1:]}."
