"""Who is asking, and what their role allows."""

import hashlib
from enum import IntEnum
from typing import NamedTuple

from dashboard.web.gradio import current_request
from model.errors import AccessError

DIGEST_DIGITS = 12  # hexadecimal digits of a digest


class Role(IntEnum):
    """Each may do what the ones before may."""

    VIEWER = 1  # looks at cases and evidence
    REVIEWER = 2  # gives verdicts
    ADMINISTRATOR = 3  # exports feedback, fine-tunes, promotes, changes the checkpoint

    @classmethod
    def read(cls, name: str) -> "Role":
        """The role of that name.

        Raises:
            AccessError: there is none.
        """
        try:
            return cls[name.upper()]
        except KeyError:
            known = ", ".join(role.name.lower() for role in cls)
            raise AccessError(f"Role {name!r} is unknown; expected one of {known}.") from None


class Identity(NamedTuple):
    """Somebody who is logged in.

    Attributes:
        name: as the page shows it; of an OpenID Connect provider's it need not be theirs alone.
        key: what is theirs alone and stays, where the name need not be.
        address: what they ask from; "" where that is not known.
    """

    name: str
    role: Role
    key: str = ""
    address: str = ""

    @property
    def id(self) -> str:
        """What pages and sessions are kept under."""
        return self.key or self.name

    @property
    def reviewer(self) -> str:
        """The name that verdicts carry: with a digest of the key behind it where two people may have the same one."""
        return (
            f"{self.name} ({hashlib.sha256(self.key.encode()).hexdigest()[:DIGEST_DIGITS]})" if self.key else self.name
        )

    def require(self, role: Role) -> None:
        """
        Raises:
            AccessError: theirs allows less.
        """
        if self.role < role:
            needed, given = role.name.lower(), self.role.name.lower()
            raise AccessError(f"This takes the role {needed}, and yours is {given}: ask an administrator.")


# Whoever sits at this machine, where nobody has to log in.
LOCAL = Identity("", Role.ADMINISTRATOR)
# Whoever failed to log in, with a name that is nobody's: what was tried may be a password.
NOBODY = Identity("", Role.VIEWER)


def who() -> Identity:
    """Who sent the request that a function of the page answers, as `dashboard.access.gate` found."""
    request = current_request()
    # Outside of any request, a function is called by this program itself.
    return LOCAL if request is None else request.scope["state"]["identity"]
