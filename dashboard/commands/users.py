"""`betalens users add | list | log-out | remove`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

ORDER = 75

app = typer.Typer(help="Who may log in: names, roles and argon2 hashes in a file.", no_args_is_help=True)

File = Annotated[Path, typer.Option(help="The file of users that access.toml names.")]
Name = Annotated[str, typer.Argument(help="What they log in with.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, reviewer or administrator.")],
    file: File = Path("users.json"),
) -> None:
    """Add somebody, or give them another role and password. The password is asked for, or the first line of a pipe."""
    from dashboard.access.identity import Role
    from dashboard.access.users import set_user

    given = Role.read(role)
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    set_user(file, name, given, password)
    print(f"{name} is {given.name.lower()} in {file}.")


@app.command("list")
def list_users(file: File = Path("users.json")) -> None:
    """Print the names and their roles."""
    from dashboard.access.users import read_users

    for name, user in read_users(file).items():
        print(f"{name}\t{user.role.name.lower()}")


@app.command("log-out")
def log_out(
    name: Annotated[str, typer.Argument(help="What they log in with; of a provider, their id in the audit log.")],
    access: Annotated[Path, typer.Option(help="The access.toml of the servers.", envvar="BETALENS_ACCESS")],
) -> None:
    """End every session that somebody has now, on all servers that share the folder of ended sessions."""
    from dashboard.access.settings import ended_sessions
    from model.errors import AccessError

    ended = ended_sessions(access)
    try:
        ended.add_all(name)
    except OSError as error:
        raise AccessError(f"{ended.folder} cannot be written: {error.strerror}.") from error
    print(f"The sessions of {name} are over.")


@app.command()
def remove(name: Name, file: File = Path("users.json")) -> None:
    """Take somebody out, which ends their sessions."""
    from dashboard.access.users import remove_user

    remove_user(file, name)
    print(f"{name} is out of {file}.")
