"""From the groups of somebody else's directory to a role here."""

from collections.abc import Iterable

from pydantic import BaseModel

from dashboard.access.identity import Role


class Roles(BaseModel, frozen=True, extra="forbid"):
    """The groups that give each role: a table of access.toml."""

    viewer: list[str] = []
    reviewer: list[str] = []
    administrator: list[str] = []

    def of(self, groups: Iterable[str]) -> Role | None:
        """The highest role that one of the groups gives; None where none gives any."""
        groups = set(groups)
        return max((role for role in Role if groups & set(getattr(self, role.name.lower()))), default=None)
