"""Who may do what: users of a file, of a trusted proxy or of an OpenID provider, each in one of three roles.

identity.py   a role, an identity, and what asks for them
settings.py   access.toml becomes an `Access`
users.py      names and argon2 hashes in a file;  lockout.py  who guesses is kept waiting
proxy.py      the header of a reverse proxy that has authenticated
oidc.py       an OpenID Connect provider, through Authlib
gate.py       nothing is answered to whoever is not logged in;  headers.py  what each answer carries
login.py      the page that asks for name and password
"""

from dashboard.access.identity import LOCAL, Identity, Role, require, who
from dashboard.access.settings import Access, open_access

__all__ = ["LOCAL", "Access", "Identity", "Role", "open_access", "require", "who"]
