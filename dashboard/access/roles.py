"""From the groups of somebody else's directory to a role here."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from dashboard.access.identity import Role


class Roles(NamedTuple):
    """The groups that give each role."""

    viewer: Collection[str]
    reviewer: Collection[str]
    administrator: Collection[str]

    def of(self, groups: Iterable[str]) -> Role | None:
        """The highest role that one of the groups gives; None where none gives any."""
        groups = set(groups)
        given = zip(Role, self, strict=True)
        return max((role for role, named in given if groups & set(named)), default=None)
