"""Rules of configuration in words, for everything that shows what they change (ITM-5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from buyside.db.items import Item, Unit
from buyside.db.structure import OptionRule, OptionRuleCondition, OptionValue, Product, Variant
from buyside.domain.items import RuleBehaviour
from buyside.queries.answers import columns, each_as


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule with the names of what it is about. `quantity` is of stock units (add, replace) or a factor (scale)."""

    id: int
    version: int
    code: str
    product_id: int | None
    product: str
    variant_id: int | None
    variant: str
    when: str
    """The options that it asks for, as in "Colour=Red;Seat=Leather"; empty where it always holds."""
    behaviour: str
    component_id: int | None
    component: str
    component_name: str
    unit: str
    replacement_id: int | None
    replacement: str
    replacement_name: str
    quantity: Decimal | None
    priority: int

    @property
    def result_id(self) -> int | None:
        """The item that it brings: what it adds, or what it puts in the place of another."""
        if self.behaviour == RuleBehaviour.ADD:
            return self.component_id
        return self.replacement_id

    @property
    def says(self) -> str:
        """What it does, as in "adds 2 pcs of SEAT-L where Seat=Leather"."""
        return f"{self.does}{self.condition}"

    @property
    def does(self) -> str:
        """What it changes."""
        amount = "" if self.quantity is None else f"{self.quantity.normalize():f}"
        match self.behaviour:
            case RuleBehaviour.ADD:
                return f"adds {amount} {self.unit} of {self.component}"
            case RuleBehaviour.REMOVE:
                return f"removes {self.component}"
            case RuleBehaviour.REPLACE:
                own = f", {amount} of it" if amount else ""
                return f"replaces {self.component} by {self.replacement}{own}"
            case RuleBehaviour.SCALE:
                return f"multiplies {self.component} by {amount}"
            case _:
                return "needs nothing"

    @property
    def condition(self) -> str:
        """When it holds, as the end of a sentence."""
        return f" where {self.when.replace(';', ' and ')}" if self.when else ""


def rules_where(*conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """Rules with their names, in order of application within each code."""
    replacement = aliased(Item)
    values = (
        select(
            func.string_agg(
                OptionValue.group_name + "=" + OptionValue.value,
                aggregate_order_by(literal(";"), col(OptionValue.group_name), col(OptionValue.value)),
            )
        )
        .select_from(OptionRuleCondition)
        .join(OptionValue, col(OptionValue.id) == col(OptionRuleCondition.option_value_id))
        .where(col(OptionRuleCondition.rule_id) == col(OptionRule.id))
        .correlate(OptionRule)
        .scalar_subquery()
    )
    return (
        columns(
            id=col(OptionRule.id),
            version=col(OptionRule.version),
            code=col(OptionRule.code),
            product_id=col(OptionRule.product_id),
            product=func.coalesce(Product.code, ""),
            variant_id=col(OptionRule.variant_id),
            variant=func.coalesce(Variant.sku, ""),
            when=func.coalesce(values, ""),
            behaviour=col(OptionRule.behaviour),
            component_id=col(OptionRule.component_id),
            component=func.coalesce(Item.code, ""),
            component_name=func.coalesce(Item.name, ""),
            unit=func.coalesce(Unit.code, ""),
            replacement_id=col(OptionRule.replacement_id),
            replacement=func.coalesce(replacement.code, ""),
            replacement_name=func.coalesce(replacement.name, ""),
            quantity=col(OptionRule.quantity),
            priority=col(OptionRule.priority),
        )
        .select_from(OptionRule)
        .join(Product, col(Product.id) == col(OptionRule.product_id), isouter=True)
        .join(Variant, col(Variant.id) == col(OptionRule.variant_id), isouter=True)
        .join(Item, col(Item.id) == col(OptionRule.component_id), isouter=True)
        .join(Unit, col(Unit.id) == col(Item.unit_id), isouter=True)
        .join(replacement, col(replacement.id) == col(OptionRule.replacement_id), isouter=True)
        .where(and_(*conditions))
        .order_by(col(OptionRule.code))
    )


def rules_of(session: Session, rule_ids: Collection[int]) -> dict[int, RuleRow]:
    """Rules by id; one statement, none where nothing is asked for."""
    if not rule_ids:
        return {}
    return {each.id: each for each in each_as(session, RuleRow, rules_where(col(OptionRule.id).in_(rule_ids)))}
