"""Who may do what: users of a file, of a trusted proxy or of an OpenID provider, each in one of three roles.

identity.py   who is asking, and what their role allows;  audit.py  who did what;  looking.py  no look without a line
settings.py   access.toml becomes an `Access`
users.py      names and argon2 hashes in a file
passwords.py  judges them;  hashing.py  a few at a time;  lockout.py  who guesses is kept waiting
sessions.py   when one is over;  ended.py  those that were ended;  cookies.py  what ours have in common
proxy.py      the header of a reverse proxy that has authenticated
oidc.py       an OpenID Connect provider, through Authlib
gate.py       nothing is answered to whoever is not logged in
login.py      the page that asks for name and password
"""

from dashboard.access.settings import Access, open_access

__all__ = ["Access", "open_access"]
