"""The demo's people: added by the operations that the screens call, and known to the demo's own sign-in provider."""

import re
from datetime import datetime

from sqlmodel import Session, col, select

from buyside.config import settings
from buyside.db.engine import sessions
from buyside.db.people import AppUser, UserInvitation
from buyside.db.vendors import Vendor
from buyside.domain.access import OPERATOR, Actor, Permission, Role, needs
from buyside.integrations.demo_company.people import NEW_STAFF, STAFF, VENDOR_PEOPLE, VendorPerson
from buyside.operations.memberships import end_membership, grant_membership
from buyside.operations.people import AddedUser, add_user
from buyside.operations.run import perform, within

_OF_A_DEMO = re.compile(r"http://localhost:\d{1,5}")
"""Issuers of demos, whatever port they ran on."""


def add_staff(session: Session, *, issuer: str) -> dict[Role, Actor]:
    """Add one person for every role, whom `issuer` signs in; answers with them."""
    people: dict[Role, Actor] = {}
    for each in STAFF:
        boss = people.get(Role.MANAGER)
        added = within(
            session,
            add_user,
            OPERATOR,
            name=each.name,
            roles=(each.role,),
            email=each.email,
            locale=each.locale,
            time_zone=each.time_zone,
            manager_id=boss.user_id if boss else None,
            issuer=issuer,
            subject=each.account,
        )
        roles = frozenset({each.role})
        people[each.role] = Actor(added.user_id, each.name, roles, locale=each.locale, time_zone=each.time_zone)
    return people


def add_others(session: Session, admin: Actor, *, issuer: str, at: datetime) -> None:
    """Add who is invited and has not come yet, and the vendors' people with the vendors that they act for."""
    for new in NEW_STAFF:
        within(
            session,
            add_user,
            admin,
            name=new.name,
            roles=(new.role,),
            email=new.email,
            locale=new.locale,
            time_zone=new.time_zone,
            invite_at=at,
        )
    vendors = {each.code: each.id for each in session.exec(select(Vendor))}
    for person in VENDOR_PEOPLE:
        added = _add_vendor_person(session, admin, person, issuer, at)
        for code in (*person.vendors, *person.left):
            granted = within(session, grant_membership, admin, vendor_id=vendors[code], user_id=added.user_id)
            if code in person.left:
                within(session, end_membership, admin, membership_id=granted.membership_id)


def _add_vendor_person(session: Session, admin: Actor, person: VendorPerson, issuer: str, at: datetime) -> AddedUser:
    return within(
        session,
        add_user,
        admin,
        name=person.name,
        roles=(Role.VENDOR,),
        email=person.email,
        locale=person.locale,
        time_zone=person.time_zone,
        issuer=None if person.is_invited else issuer,
        subject=None if person.is_invited else person.account,
        invite_at=at if person.is_invited else None,
    )


def people_can_sign_in() -> None:
    """See to it that the demo's provider knows somebody of a database that the demo is started on.

    A demo's own people follow its provider to another port. Where nobody has an identity of any provider, everybody there
    gets one; where there is nobody at all, as after an import, one person for every role is added. A database whose people
    another provider signs in is left as it is.
    """
    perform(meet_the_provider, OPERATOR, issuer=settings().demo_issuer)
    with sessions()() as session, session.begin():
        if session.exec(select(AppUser.id).limit(1)).first() is None:
            add_staff(session, issuer=settings().demo_issuer)


@needs(Permission.USER_EDIT)
def meet_the_provider(session: Session, _actor: Actor, *, issuer: str) -> int:
    """Give the people of a demo their identity at `issuer`; answers how many got one. Who is invited binds it by coming."""
    known = session.exec(select(AppUser).where(col(AppUser.subject).is_not(None)).with_for_update()).all()
    changed = [each for each in known if each.issuer != issuer and _OF_A_DEMO.fullmatch(each.issuer or "")]
    for each in changed:
        each.issuer = issuer
    if not known:
        invited = select(UserInvitation.user_id).where(
            col(UserInvitation.accepted_at).is_(None), col(UserInvitation.revoked_at).is_(None)
        )
        waiting = select(AppUser).where(col(AppUser.is_active), col(AppUser.id).not_in(invited))
        changed = list(session.exec(waiting.with_for_update()))
        for each in changed:
            each.issuer, each.subject = issuer, f"user-{each.id}"
    for each in changed:
        each.version += 1
    session.add_all(changed)
    session.flush()
    return len(changed)
