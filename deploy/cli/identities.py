"""Who may do what: keys of machines (``key``) and accounts of people (``user``). A running service follows at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.common import AsJson, explained

if TYPE_CHECKING:
    from service.api.keys import Keys
    from service.identity.accounts import Accounts
    from service.identity.roles import Role

keys = typer.Typer(no_args_is_help=True, help="API keys, for machines.")
users = typer.Typer(no_args_is_help=True, help="Accounts, for people.")

DataDir = Annotated[Path, typer.Option("--data-dir", help="The service's data_dir.", file_okay=False)]
_DATA_DIR = Path("/var/lib/parkwatch")
_ROLES = "operator, supervisor, reviewer, engineer, enterprise, device or admin"
RoleOption = Annotated[str | None, typer.Option("--role", help=f"{_ROLES}; see deploy/docs/identities.md.")]
EnterpriseOption = Annotated[str | None, typer.Option(help="Of this enterprise; without it, of the park.")]
UserName = Annotated[str, typer.Argument(help="Name of the account.")]
_BY = "command line"


def _keys(data_dir: Path) -> Keys:
    from service.api.keys import Keys

    return Keys(data_dir)


def _accounts(data_dir: Path) -> Accounts:
    from service.identity.accounts import Accounts

    return Accounts(data_dir)


def _role(given: str) -> Role:
    from service.identity.roles import Role

    try:
        return Role(given)
    except ValueError:
        raise ValueError(f"--role: {given!r} is no role; use {_ROLES}") from None


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Who uses it; stands as the actor in every record.")],
    data_dir: DataDir = _DATA_DIR,
    enterprise: EnterpriseOption = None,
    role: RoleOption = None,
    days: Annotated[int | None, typer.Option(help="Valid for so many days.", min=1)] = None,
) -> None:
    """Make an API key and show it, this once. Without --role: `device` for an enterprise, `reviewer` for the park.

    Example: parkwatch key create acme-gateway --enterprise acme --days 365 --data-dir /var/lib/parkwatch
    """
    with explained():
        # The least that is of use: to push for an enterprise, to read for the park.
        chosen = _role(role or ("device" if enterprise else "reviewer"))
        expires = datetime.now(UTC) + timedelta(days=days) if days else None
        _, text = _keys(data_dir).create(name, enterprise=enterprise, expires=expires, role=chosen)
    typer.echo(text)


@keys.command("list")
def list_keys(data_dir: DataDir = _DATA_DIR, as_json: AsJson = False) -> None:
    """List the keys, without their secrets.

    Example: parkwatch key list --data-dir /var/lib/parkwatch --json
    """
    import msgspec

    with explained():
        found = _keys(data_dir).list()
    if as_json:
        shown = [{**msgspec.to_builtins(key), "sha256": "…", "role": key.acts_as.value} for key in found]
        typer.echo(msgspec.json.encode(shown).decode())
        return
    for key in found:
        state = "revoked" if key.disabled else f"until {key.expires:%Y-%m-%d}" if key.expires else "valid"
        owner = key.enterprise or "whole park"
        typer.echo(f"{key.prefix}  {key.name:24} {key.acts_as.value:10} {owner:16} {state}")


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="Name of the key.")], data_dir: DataDir = _DATA_DIR) -> None:
    """Make a key worthless, at once.

    Example: parkwatch key revoke control-room --data-dir /var/lib/parkwatch
    """
    with explained():
        _keys(data_dir).revoke(name)
    typer.echo(f"{name} is revoked")


@users.command("add")
def add_user(
    name: UserName,
    role: Annotated[str, typer.Option("--role", help=f"{_ROLES} (not device).")],
    data_dir: DataDir = _DATA_DIR,
    enterprise: EnterpriseOption = None,
    display: Annotated[str, typer.Option(help="As people call them.")] = "",
    contact: Annotated[str, typer.Option(help="Telephone or mail.")] = "",
) -> None:
    """Make an account and show its one-time password, this once; the person changes it at the first login.

    Example: parkwatch user add wang.fang --role operator --display 王芳 --data-dir /var/lib/parkwatch
    """
    with explained():
        _, once = _accounts(data_dir).create(
            name, role=_role(role), enterprise=enterprise, display=display, contact=contact, by=_BY
        )
    typer.echo(once)


@users.command("list")
def list_users(data_dir: DataDir = _DATA_DIR, as_json: AsJson = False) -> None:
    """List the accounts.

    Example: parkwatch user list --data-dir /var/lib/parkwatch --json
    """
    import msgspec

    with explained():
        found = _accounts(data_dir).list()
    if as_json:
        typer.echo(msgspec.json.encode([{**msgspec.to_builtins(one), "password": "…"} for one in found]).decode())
        return
    for one in found:
        state = "disabled" if one.disabled else "one-time password" if one.must_change else "valid"
        typer.echo(f"{one.name:24} {one.role.value:10} {one.enterprise or 'whole park':16} {state:18} {one.display}")


@users.command("reset-password")
def reset_password(name: UserName, data_dir: DataDir = _DATA_DIR) -> None:
    """Show a new one-time password and end all sessions of the account.

    Example: parkwatch user reset-password admin --data-dir /var/lib/parkwatch
    """
    with explained():
        once = _accounts(data_dir).reset_password(name)
    typer.echo(once)


@users.command("disable")
def disable_user(name: UserName, data_dir: DataDir = _DATA_DIR) -> None:
    """Nobody logs in with it any more, and its sessions end at once.

    Example: parkwatch user disable wang.fang --data-dir /var/lib/parkwatch
    """
    with explained():
        _accounts(data_dir).update(name, disabled=True)
    typer.echo(f"{name} is disabled")


@users.command("enable")
def enable_user(name: UserName, data_dir: DataDir = _DATA_DIR) -> None:
    """Make a disabled account work again.

    Example: parkwatch user enable wang.fang --data-dir /var/lib/parkwatch
    """
    with explained():
        _accounts(data_dir).update(name, disabled=False)
    typer.echo(f"{name} is enabled")


@users.command("role")
def change_role(
    name: UserName,
    role: Annotated[str, typer.Argument(help=_ROLES)],
    data_dir: DataDir = _DATA_DIR,
    enterprise: EnterpriseOption = None,
) -> None:
    """Give an account another role; its sessions end at once.

    Example: parkwatch user role wang.fang supervisor --data-dir /var/lib/parkwatch
    """
    with explained():
        _accounts(data_dir).update(name, role=_role(role), enterprise=enterprise)
    typer.echo(f"{name} is {role}")
