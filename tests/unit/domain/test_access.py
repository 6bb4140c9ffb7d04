"""One table grants, one decorator locks."""

import pytest

from buyside.domain.access import GRANTS, INTERNAL_ROLES, OPERATOR, Actor, Permission, Role, needs, permission_of
from buyside.domain.refusals import NotAllowed


@needs(Permission.PLAN_RUN)
def run_something(session: object, actor: Actor, *, answer: int) -> int:
    return answer


def somebody(*roles: Role) -> Actor:
    return Actor(user_id=1, name="Somebody", roles=frozenset(roles))


@pytest.mark.rule("ACC-2")
def test_whoever_holds_a_granting_role_may():
    assert run_something(None, somebody(Role.BUYER), answer=7) == 7


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("roles", [(), (Role.MANAGER,), (Role.REQUESTER, Role.VENDOR)])
def test_whoever_holds_none_is_refused_before_the_act_begins(roles):
    with pytest.raises(NotAllowed) as refusal:
        run_something(None, somebody(*roles), answer=7)
    assert refusal.value.code == "access.not-allowed"


@pytest.mark.rule("ACC-2")
def test_every_role_has_a_row_and_every_permission_is_granted_to_somebody():
    assert set(GRANTS) == set(Role)
    assert set().union(*GRANTS.values()) == set(Permission)


@pytest.mark.rule("ACC-1")
def test_the_operator_holds_every_internal_role_and_no_vendor():
    assert OPERATOR.roles == INTERNAL_ROLES
    assert Role.VENDOR not in OPERATOR.roles


def test_a_manager_may_write_nothing():
    writing = {"edit", "run", "convert", "issue", "cancel", "post", "void", "adjust", "import"}
    assert {act for act in GRANTS[Role.MANAGER] if act.value.split(".")[1] in writing} == set()


def test_the_permission_of_a_function_is_readable_and_absent_where_none_was_tied():
    assert permission_of(run_something) is Permission.PLAN_RUN
    assert permission_of(test_a_manager_may_write_nothing) is None
