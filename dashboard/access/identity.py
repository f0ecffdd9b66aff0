"""Who is asking, and what their role allows."""

from enum import IntEnum
from typing import NamedTuple

from gradio.context import LocalContext

from model.errors import AccessError


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
    """Somebody who is logged in."""

    name: str
    role: Role

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
# Whoever failed to log in: the name that was tried may be a password.
NOBODY = Identity("", Role.VIEWER)


def who() -> Identity:
    """Who sent the request that a function of the page answers, as `dashboard.access.gate` found."""
    request = LocalContext.request.get(None)
    # Outside of any request, a function is called by this program itself.
    return LOCAL if request is None else request.request.scope["state"]["identity"]


def require(role: Role) -> Identity:
    """Who sent the request that a function of the page answers, if they may.

    Raises:
        AccessError: their role allows less.
    """
    identity = who()
    identity.require(role)
    return identity
