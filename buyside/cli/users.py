"""`buyside user`: whoever is invited first on a new server is invited here, and whoever locked themselves out is let in again."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlmodel import Session

from buyside.cli.opened import opened_database
from buyside.cli.output import Json, say, show, show_json
from buyside.config import settings
from buyside.db.engine import sessions
from buyside.domain.access import INTERNAL_ROLES, OPERATOR, Role
from buyside.domain.locales import shown_date
from buyside.domain.people import PersonStatus, email_address, invitation_letter
from buyside.domain.refusals import NotFound, Refused
from buyside.operations.invitations import invite_user, renew_invitation
from buyside.operations.memberships import grant_membership
from buyside.operations.people import add_user
from buyside.operations.people_access import disable_user, enable_user, set_roles
from buyside.operations.run import perform, within
from buyside.operations.sessions import end_sessions_of_user
from buyside.queries.memberships import open_vendors
from buyside.queries.people import ListedUser, listed_users, organisation_name, user_detail
from buyside.queries.read import ask

app = typer.Typer(help="Invite people, and look after their roles and sessions.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail address of the person.")]
_WAITS = {PersonStatus.INVITED, PersonStatus.INVITATION_EXPIRED}


class SeveralPeople(Refused):
    code = "people.several-people"
    says = "{email} is the address of several people: {names}. Tell them apart on the page of users."


class NameNeeded(Refused):
    code = "people.name-needed"
    says = "{email} is new. Say who that is, with --name, and what they may do: with --role, or with --vendor."


@app.command()
def invite(
    email: Annotated[str, typer.Option(help="E-mail address; the first sign-in with it is theirs.")],
    name: Annotated[str, typer.Option(help="Name of somebody new.")] = "",
    role: Annotated[list[str] | None, typer.Option(help="Role of somebody new; may be given again.")] = None,
    vendor: Annotated[
        list[str] | None, typer.Option(help="Code of a vendor that a new vendor's user acts for; may be given again.")
    ] = None,
    locale: Annotated[str, typer.Option(help="Language and region of somebody new.")] = "en_GB",
    time_zone: Annotated[str, typer.Option(help="Time zone of somebody new.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Invite somebody to sign in, new or known; prints the text to send them. A known person's invitation is renewed."""
    address, now = email_address(email), datetime.now(UTC)
    roles = _roles(role or ())
    with opened_database():
        with sessions()() as session, session.begin():
            known = _find(address)
            if known is not None:
                act = renew_invitation if known.status in _WAITS else invite_user
                user_id = within(session, act, OPERATOR, user_id=known.id, at=now).user_id
            elif not name.strip() or bool(roles) == bool(vendor):
                raise NameNeeded(email=address)
            else:
                added = within(
                    session,
                    add_user,
                    OPERATOR,
                    name=name,
                    roles=roles or (Role.VENDOR,),
                    email=address,
                    locale=locale,
                    time_zone=time_zone,
                    invite_at=now,
                )
                user_id = added.user_id
                _open_vendors(session, user_id, vendor or ())
        _tell(user_id, as_json=as_json)


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """List everybody with their roles and whether they can sign in."""
    with opened_database():
        found = ask(listed_users, OPERATOR)
    hidden = {"id", "version"}
    rows = [{name: value for name, value in asdict(each).items() if name not in hidden} for each in found]
    show(rows, title="Users", as_json=as_json, empty="Nobody yet. Invite the first administrator: buyside user invite")


@app.command()
def roles(email: Email, role: Annotated[list[str], typer.Option(help="Role to hold; may be given again.")]) -> None:
    """Give somebody exactly these roles."""
    wanted = _roles(role)
    with opened_database():
        user = _one(email)
        saved = perform(set_roles, OPERATOR, user_id=user.id, version=user.version, roles=wanted)
    say(f"{saved.name} is {', '.join(saved.roles)} now.")


@app.command()
def disable(email: Email) -> None:
    """Let somebody in no more; their sessions end at once."""
    with opened_database():
        user = _one(email)
        saved = perform(disable_user, OPERATOR, user_id=user.id, version=user.version, at=datetime.now(UTC))
    say(f"{saved.name} is disabled; sessions ended: {saved.sessions_ended}.")


@app.command()
def enable(email: Email) -> None:
    """Let somebody in again."""
    with opened_database():
        user = _one(email)
        saved = perform(enable_user, OPERATOR, user_id=user.id, version=user.version)
    say(f"{saved.name} is enabled.")


@app.command("sign-out")
def sign_out(email: Email) -> None:
    """End all sessions of somebody."""
    with opened_database():
        done = perform(end_sessions_of_user, OPERATOR, user_id=_one(email).id, at=datetime.now(UTC))
    say(f"{done.name}: sessions ended: {len(done.session_ids)}.")


def _roles(names: Collection[str]) -> tuple[Role, ...]:
    known = {role.value: role for role in INTERNAL_ROLES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"“{unknown[0]}” is no role. There are: {', '.join(sorted(known))}.")
    return tuple(known[name] for name in names)


def _find(email: str) -> ListedUser | None:
    found = ask(listed_users, OPERATOR, email=email)
    if len(found) > 1:
        raise SeveralPeople(email=email, names=", ".join(each.name for each in found))
    return found[0] if found else None


def _one(email: str) -> ListedUser:
    found = _find(email_address(email))
    if found is None:
        raise NotFound(kind="user")
    return found


def _open_vendors(session: Session, user_id: int, codes: Collection[str]) -> None:
    open_now = {each.code: each.id for each in ask(open_vendors, OPERATOR)}
    for code in dict.fromkeys(codes):
        if code not in open_now:
            raise NotFound(kind=f"vendor {code} whose portal is open")
        within(session, grant_membership, OPERATOR, vendor_id=open_now[code], user_id=user_id)


def _tell(user_id: int, *, as_json: bool) -> None:
    user, given = ask(user_detail, OPERATOR, user_id=user_id), settings()
    is_vendor = Role.VENDOR in user.roles
    address = given.portal_public_url if is_vendor else given.public_url
    if user.invited_until is None:
        raise NotFound(kind="invitation")
    if as_json:
        told = {"name": user.name, "email": user.invited_email, "address": address, "until": user.invited_until}
        show_json(told)
        return
    letter = invitation_letter(
        name=user.name,
        email=user.invited_email,
        address=address,
        until=shown_date(user.invited_until.astimezone(ZoneInfo(user.time_zone)).date(), user.locale),
        company=ask(organisation_name, OPERATOR),
        sender="",
        is_vendor=is_vendor,
    )
    say(f"{user.name} is invited. Send this to {user.invited_email}:\n\nSubject: {letter.subject}\n\n{letter.text}")
    if given.with_demo_provider().of_surface("portal" if is_vendor else "internal").oidc is None:
        say("Nobody can sign in yet: no OpenID provider is set. See BUYSIDE_OIDC_DISCOVERY_URL in the README.")
