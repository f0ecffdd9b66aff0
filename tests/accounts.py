"""Who logs in to the servers of the tests."""

from pathlib import Path

from dashboard.access.identity import Role
from dashboard.access.users import set_user

PASSWORD = "correct horse battery"
PEOPLE = {"vera": Role.VIEWER, "victor": Role.VIEWER, "rita": Role.REVIEWER, "ada": Role.ADMINISTRATOR}


def make_accounts(folder: Path, settings: str = "") -> Path:
    """Write users.json and access.toml into a folder; the path of the latter.

    Args:
        settings: lines of access.toml before the one that names the users.
    """
    for name, role in PEOPLE.items():
        set_user(folder / "users.json", name, role, PASSWORD)
    file = folder / "access.toml"
    file.write_text(f'{settings}\n[users]\nfile = "users.json"\n')
    return file
