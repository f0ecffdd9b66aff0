"""access.toml: by which of three ways people log in, and which role they get.

proxies = ["10.0.0.0/8"]        # whose X-Forwarded-For and X-Forwarded-Proto are believed
session_hours = 12              # after the login: then everybody logs in again, and a provider is asked for roles anew
idle_minutes = 60               # after the reader's last request
ended_sessions = "…"            # a folder that all servers share; by default betalens/ended-sessions in $XDG_STATE_HOME
                                # (~/.local/state). Sessions that were ended before their time are remembered there

[users]                         # a file that `betalens users` writes
file = "users.json"

[proxy]                         # or: a proxy (of `proxies`) that has authenticated, and says so in headers
user_header = "X-Forwarded-User"
groups_header = "X-Forwarded-Groups"

[oidc]                          # or: an OpenID Connect provider; the client's secret in BETALENS_OIDC_SECRET
issuer = "https://login.hospital.example"
client_id = "betalens"
groups_claim = "groups"

[roles]                         # the groups of a proxy or provider that give each role; nobody else is let in
viewer = ["radiology"]
reviewer = ["radiologists"]
administrator = ["imaging-it"]
"""

import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from platformdirs import user_state_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dashboard.access.base import AuthBackend
from dashboard.access.ended import EndedSessions
from dashboard.access.oidc import Oidc
from dashboard.access.peer import Networks
from dashboard.access.proxy import Proxy
from dashboard.access.roles import Roles
from dashboard.access.sessions import Rules
from dashboard.access.users import Users
from model.errors import AccessError

SHORTEST_SECRET = 32  # characters
ENDED = "ended-sessions"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _UsersTable(_Table):
    file: Path


class _ProxyTable(_Table):
    user_header: str = Field(min_length=1)
    groups_header: str = Field(min_length=1)


class _OidcTable(_Table):
    issuer: Annotated[str, Field(pattern=r"^https?://")]
    client_id: str = Field(min_length=1)
    groups_claim: str = "groups"
    name_claim: str = "preferred_username"


class _Settings(_Table):
    proxies: Networks = ()
    session_hours: float = Field(12, gt=0, le=24 * 30)
    idle_minutes: float = Field(60, gt=0, le=24 * 60 * 30)
    ended_sessions: Path | None = None
    users: _UsersTable | None = None
    proxy: _ProxyTable | None = None
    oidc: _OidcTable | None = None
    roles: Roles | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "_Settings":
        if sum(way is not None for way in (self.users, self.proxy, self.oidc)) != 1:
            raise ValueError("exactly one of the tables [users], [proxy] and [oidc] is needed")
        if self.proxy and not self.proxies:
            raise ValueError("[proxy] needs `proxies`: the addresses whose headers are believed")
        if (self.roles is None) != (self.users is not None):
            raise ValueError("[roles] is needed with [proxy] and [oidc], and not with [users]")
        return self


@dataclass(frozen=True)
class Access:
    """How people log in.

    Attributes:
        way: knows who somebody is.
        proxies: networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
        sessions: when one is over.
        secret: signs the cookies of sessions.
    """

    way: AuthBackend
    proxies: Networks
    sessions: Rules
    secret: str


def open_access(path: Path) -> Access:
    """What an access.toml says. Its paths are relative to its own folder.

    Raises:
        AccessError: it cannot be read or used.
    """
    found = _read(path)
    ended = _ended(path, found)
    sessions, secret = Rules(ended.seconds, found.idle_minutes * 60, ended), _secret()
    return Access(_way(found, path.parent, sessions, secret), found.proxies, sessions, secret)


def ended_sessions(path: Path) -> EndedSessions:
    """The sessions that were ended, of the servers with this access.toml.

    Raises:
        AccessError: it cannot be read or used.
    """
    return _ended(path, _read(path))


def _read(path: Path) -> _Settings:
    try:
        return _Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise AccessError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise AccessError(f"{path} cannot be used: {_first(error)}.") from error
    except ValueError as error:  # of TOML and of UTF-8
        raise AccessError(f"{path} is not a TOML file: {error}.") from error


def _ended(path: Path, found: _Settings) -> EndedSessions:
    folder = path.parent / found.ended_sessions if found.ended_sessions else user_state_path("betalens") / ENDED
    return EndedSessions(folder, found.session_hours * 3600)


def _way(found: _Settings, folder: Path, sessions: Rules, signing: str) -> AuthBackend:
    if found.users:
        return Users(folder / found.users.file, sessions, signing)
    assert found.roles  # as `_one_way` asks
    if found.proxy:
        return Proxy(found.proxy.user_header, found.proxy.groups_header, found.proxies, found.roles)
    assert found.oidc
    secret = os.environ.get("BETALENS_OIDC_SECRET", "")
    if not secret:
        raise AccessError("BETALENS_OIDC_SECRET is not set: it holds the secret that the provider gave this client.")
    return Oidc(**found.oidc.model_dump(), secret=secret, roles=found.roles, sessions=sessions)


def _secret() -> str:
    """Of BETALENS_SECRET, so that sessions outlive a restart and hold on every replica; drawn where that is not set."""
    given = os.environ.get("BETALENS_SECRET", "")
    if given and len(given) < SHORTEST_SECRET:
        raise AccessError(
            f"BETALENS_SECRET has {len(given)} characters, and {SHORTEST_SECRET} are needed: `openssl rand -hex 32`."
        )
    return given or secrets.token_hex(32)


def _first(error: ValidationError) -> str:
    """The first fault, without the value that was given."""
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place}: {fault['msg']}" if place else str(fault["msg"]).removeprefix("Value error, ")
