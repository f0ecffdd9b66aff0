"""An OpenID Connect provider says who somebody is: Authlib's client, authorization code with PKCE.

Somebody is who the provider's `iss` and `sub` say (OpenID Connect Core 1.0, section 5.7: no other claim is unique and
stays); the name is for people to read. The role is that of the moment of logging in, until the session is over: then
the provider is asked again.
"""

import logging

from authlib.integrations.starlette_client import OAuth
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.access import audit
from dashboard.access.base import AuthBackend
from dashboard.access.identity import NOBODY, Identity, Role
from dashboard.access.login import to_page
from dashboard.access.peer import address_of
from dashboard.access.roles import Roles
from dashboard.access.sessions import Rules
from model.errors import AuditError

log = logging.getLogger(__name__)


class Oidc(AuthBackend):
    """A way to log in.

    Args:
        issuer: of the provider; its metadata are below /.well-known/openid-configuration.
        groups_claim: the claim of the ID token that lists groups.
        name_claim: the claim that is the name; `sub` where it is absent.
        sessions: begins those of people who are let in.
    """

    paths = frozenset({"/login", "/oidc/callback"})
    start = "/login"

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        groups_claim: str,
        name_claim: str,
        roles: Roles,
        sessions: Rules,
    ):
        self._groups, self._name = groups_claim, name_claim
        self._roles, self._sessions = roles, sessions
        self._provider = OAuth().register(
            "provider",
            client_id=client_id,
            client_secret=secret,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
        )

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the session names: its role is that of the moment of logging in."""
        session = connection.session
        return Identity(session["name"], Role.read(session["role"]), session["user"]) if "role" in session else None

    def routes(self) -> list[Route]:
        return [Route("/login", self._begin), Route("/oidc/callback", self._end, name="oidc_callback")]

    async def _begin(self, request: Request) -> Response:
        try:
            return await self._provider.authorize_redirect(request, str(request.url_for("oidc_callback")))
        except Exception:  # the provider cannot be reached, or is none; Authlib passes on what its HTTP client raises
            return to_page(request, "provider")

    async def _end(self, request: Request) -> Response:
        try:
            claims = (await self._provider.authorize_access_token(request))["userinfo"]
        except Exception:  # whatever a provider answers, or whoever pretends to be one, nobody is logged in
            return to_page(request, "provider")
        groups = claims.get(self._groups) or []
        groups = groups if isinstance(groups, list) else [groups]
        if not all(isinstance(group, str) for group in groups):
            log.error("The claim %r of the login service is no list of names of groups.", self._groups)
            return to_page(request, "groups")
        name, key = str(claims.get(self._name) or claims["sub"]), f"{claims['iss']}#{claims['sub']}"
        role = self._roles.of(groups)
        identity = Identity(name, role or NOBODY.role, key, address_of(request))
        if role is None:
            audit.note("login_failed", identity, how="oidc", reason="role")
            return to_page(request, "role")
        try:
            audit.record("login", identity, how="oidc")
        except AuditError:
            return to_page(request, "unavailable")
        self._sessions.begin(request.session, identity, name=name, role=role.name.lower())
        return to_page(request)
