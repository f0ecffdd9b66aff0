"""What the server knows of one reader's page: the case that is open, and what was computed for it.

Flags are written from here. What comes back from a browser can be forged; what is kept here cannot.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from dashboard.cases.case import OpenCase
from dashboard.serving.served import ServedModel
from dashboard.web.listening import listeners
from explain import DEFAULT
from model.feedback import Flag


class Pinned(NamedTuple):
    """A case that the page keeps beside those that follow, and what was explained of it."""

    case: OpenCase
    finding: str


@dataclass
class Session:
    """One reader's page. `request_id` numbers the requests for what is on the stage: work for an older one stops."""

    beta: float  # where the reader left it on a case that has both modalities
    request_id: int = 0
    cases: list[OpenCase] = field(default_factory=list)  # the case as it came, then after each change
    pinned: Pinned | None = None
    was_released: bool = False  # the case that the page still shows
    finding: str = ""  # that is explained
    flag_id: str = ""
    page: str | None = None  # Gradio's number of it; None outside of a server
    login: str | None = None  # whose page this is: "" where nobody has to log in, None before its first request
    reviewer: str = ""  # the login, or the name that was typed once
    blind: bool = False  # the model's answer is kept back until the reader has given theirs
    revealed: bool = True  # it was asked to be seen, or the reader has answered
    seen: set[tuple[str, str]] = field(default_factory=set)  # keys of the cases whose answer was sent to this page
    saved: list[Flag] = field(default_factory=list)  # by this page, and not taken back: the last can be
    attempt: str = ""  # the page's own number of the last verdict that was saved
    recorded: Flag | None = None  # the open case is shown as it was when this was given
    served: ServedModel | None = None  # the model that the open case was encoded by, and is shown under
    announced: str = ""  # digest of the model that the page names
    image_method: str = DEFAULT["image"]
    report_method: str = DEFAULT["report"]

    @property
    def opened(self) -> OpenCase | None:
        """The case on the stage, with every change."""
        return self.cases[-1] if self.cases else None

    @property
    def reader(self) -> Hashable:
        """Whose turn it is when this page asks: the login's, or the page's own where nobody has to log in."""
        return self.login or id(self)

    @property
    def original(self) -> OpenCase | None:
        """The case as it came, where it was changed since."""
        return self.cases[0] if len(self.cases) > 1 else None

    @property
    def blinded(self) -> bool:
        """Whether the answer on the open case is kept back."""
        return self.blind and not self.revealed

    @property
    def held(self) -> list[OpenCase]:
        """Every case whose film the page may ask for."""
        return [*self.cases, *([self.pinned.case] if self.pinned else [])]

    def awaits(self, request_id: int) -> bool:
        """Whether somebody waits for what was asked under this number: nothing newer was, and the page listens."""
        return self.request_id == request_id and listeners.listens(self.page)

    def release(self) -> None:
        """Give the open case back, and end what is at work for it; the page says how to go on."""
        self.next_request()
        self.cases, self.pinned, self.served, self.was_released = [], None, None, True

    def next_request(self) -> int:
        """A number for a new request; whatever is still at work for an earlier one is out of date from now on."""
        self.request_id += 1
        return self.request_id
