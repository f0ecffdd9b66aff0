"""An OpenID Connect provider says who somebody is: Authlib's client, authorization code with PKCE."""

from authlib.integrations.starlette_client import OAuth
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard import audit
from dashboard.access.identity import Identity, Role
from dashboard.access.login import to_page
from dashboard.access.roles import Roles


class Oidc:
    """A way to log in; see `dashboard.access.base.Way`.

    Args:
        issuer: of the provider; its metadata are below /.well-known/openid-configuration.
        groups_claim: the claim of the ID token that lists groups.
        name_claim: the claim that is the name; `sub` where it is absent.
    """

    paths = frozenset({"/login", "/oidc/callback"})
    asks = False
    start = "/login"

    def __init__(self, issuer: str, client_id: str, secret: str, groups_claim: str, name_claim: str, roles: Roles):
        self._groups, self._name = groups_claim, name_claim
        self._roles = roles
        self._provider = OAuth().register(
            "provider",
            client_id=client_id,
            client_secret=secret,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
        )

    def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the session names: its role is that of the moment of logging in."""
        kept = connection.session
        return Identity(kept["user"], Role.read(kept["role"])) if "role" in kept else None

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
        role = self._roles.of(groups if isinstance(groups, list) else [str(groups)])
        if role is None:
            return to_page(request, "role")
        name = str(claims.get(self._name) or claims["sub"])
        request.session.clear()
        request.session.update(user=name, role=role.name.lower())
        audit.record("login", Identity(name, role))
        return to_page(request)
