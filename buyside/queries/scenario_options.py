"""Options of a demand that nobody ordered yet: the values that its variant's product offers, found and read (PLAN-15, ITM-3)."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from buyside.db.structure import OptionValue, ProductOption, Variant
from buyside.domain.access import Actor, Permission, needs
from buyside.domain.refusals import Refused
from buyside.queries.rows import ESCAPE, escaped

OPTION_LIST = "variant-options"
"""The list to choose option values of one variant from while typing."""
MOST = 50


class UnknownOption(Refused):
    code, field = "scenarios.unknown-option", "options"
    says = "There is no option {option}. It is written as in: colour=red."


class NotOffered(Refused):
    code, field = "scenarios.not-offered", "options"
    says = "{product} does not offer {options}."


def option_values(session: Session, written: str) -> tuple[int, ...]:
    """The option values of "colour=red, size=L", whatever the case of their letters. Refuses: UnknownOption."""
    found = []
    for each in filter(None, (part.strip() for part in written.split(","))):
        group, _, value = (part.strip() for part in each.partition("="))
        alike = session.execute(
            select(col(OptionValue.id), col(OptionValue.group_name), col(OptionValue.value)).where(
                func.lower(col(OptionValue.group_name)) == group.lower(),
                func.lower(col(OptionValue.value)) == value.lower(),
            )
        ).all()
        exact = [key for key, *spelled in alike if spelled == [group, value]]
        if not exact and len(alike) != 1:
            raise UnknownOption(option=each[:60])
        found.append(exact[0] if exact else alike[0][0])
    return tuple(found)


def refuse_not_offered(session: Session, product_id: int, product: str, values: Collection[int]) -> None:
    """Nothing, if a product offers all of some option values. Refuses: NotOffered, with those that it does not."""
    offers = select(col(ProductOption.option_value_id)).where(col(ProductOption.product_id) == product_id)
    strange = set(values) - set(session.execute(offers).scalars())
    if strange:
        names = select(_code()).where(col(OptionValue.id).in_(strange)).order_by(_code())
        raise NotOffered(product=product, options=", ".join(session.execute(names).scalars()) or "these options")


@needs(Permission.PLAN_VIEW)
def option_choices(
    session: Session, actor: Actor, /, *, variant: str, text: str, limit: int = 20
) -> tuple[tuple[str, str], ...]:
    """Option values that a variant's product offers, as "colour=red", by group and value; none of a variant that is not there."""
    statement = (
        select(_code())
        .join(ProductOption, col(ProductOption.option_value_id) == col(OptionValue.id))
        .join(Variant, col(Variant.product_id) == col(ProductOption.product_id))
        .where(col(Variant.sku) == variant.strip())
    )
    for word in text.split()[:6]:
        statement = statement.where(_code().ilike(f"%{escaped(word)}%", escape=ESCAPE))
    ordered = statement.order_by(col(OptionValue.group_name), col(OptionValue.value)).limit(max(1, min(limit, MOST)))
    return tuple((str(code), "") for code in session.execute(ordered).scalars())


def _code() -> ColumnElement[str]:
    return col(OptionValue.group_name) + "=" + col(OptionValue.value)
