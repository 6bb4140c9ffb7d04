"""What is sold and what it is made of: products, variants, options, BOM rows, configuration rules."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from buyside.db.base import (
    code_column,
    found_by_code,
    found_by_words,
    identity,
    key_of,
    may_refer_to,
    one_of,
    percent_column,
    quantity_column,
    refers_to,
    searched,
    text_column,
    version_column,
)
from buyside.domain.items import RuleBehaviour


class Product(SQLModel, table=True):
    """A product of the sell-side catalogue, read-only here (ITM-2)."""

    __tablename__ = "product"
    id: int = identity()
    code: str = code_column()
    name: str = text_column()
    covers_from_stock: bool = True


class Variant(SQLModel, table=True):
    """A sold variant of a product."""

    __tablename__ = "variant"
    __table_args__ = (
        searched("variant", "sku"),
        searched("variant", "name"),
        *found_by_code("variant", "sku"),
        found_by_words("variant", "name"),
    )
    id: int = identity()
    sku: str = code_column()
    product_id: int = refers_to("product.id")
    name: str = text_column()


class OptionValue(SQLModel, table=True):
    """One value of an option group, as in "colour: red"."""

    __tablename__ = "option_value"
    __table_args__ = (UniqueConstraint("group_name", "value"),)
    id: int = identity()
    group_name: str = text_column(...)
    value: str = text_column(...)


class ProductOption(SQLModel, table=True):
    """That a product offers an option value (ITM-3)."""

    __tablename__ = "product_option"
    product_id: int = key_of("product.id")
    option_value_id: int = key_of("option_value.id")


class BomRow(SQLModel, table=True):
    """One component of exactly one parent: a variant, a product for its variants, or an item (ITM-4)."""

    __tablename__ = "bom_row"
    __table_args__ = (
        CheckConstraint("num_nonnulls(variant_id, product_id, item_id) = 1", name="one_parent"),
        CheckConstraint("quantity_per > 0", name="quantity_per_positive"),
        CheckConstraint("scrap_percent >= 0", name="scrap_not_negative"),
        CheckConstraint("valid_to >= valid_from", name="validity_in_order"),
        CheckConstraint("item_id <> component_id", name="not_of_itself"),
    )
    id: int = identity()
    variant_id: int | None = may_refer_to("variant.id")
    product_id: int | None = may_refer_to("product.id")
    item_id: int | None = may_refer_to("item.id")
    component_id: int = refers_to("item.id")
    quantity_per: Decimal = quantity_column()
    scrap_percent: Decimal = percent_column(Decimal(0))
    valid_from: date | None = None
    valid_to: date | None = None
    version: int = version_column()


class OptionRule(SQLModel, table=True):
    """What chosen option values change in the components of a sold line (ITM-5).

    For one variant, one product, or all where both are empty. One that changes nothing says that its options need no component,
    and without an option that its variant or product needs none.
    """

    __tablename__ = "option_rule"
    __table_args__ = (
        CheckConstraint(one_of("behaviour", RuleBehaviour), name="known_behaviour"),
        CheckConstraint("num_nonnulls(variant_id, product_id) <= 1", name="one_scope"),
        CheckConstraint("(behaviour = 'nothing') = (component_id IS NULL)", name="component_where_it_belongs"),
        CheckConstraint("(behaviour = 'replace') = (replacement_id IS NOT NULL)", name="replacement_where_it_belongs"),
        CheckConstraint("behaviour NOT IN ('add', 'scale') OR quantity > 0", name="quantity_where_it_belongs"),
    )
    id: int = identity()
    code: str = code_column()
    product_id: int | None = may_refer_to("product.id")
    variant_id: int | None = may_refer_to("variant.id")
    behaviour: str = text_column(...)
    component_id: int | None = may_refer_to("item.id")
    replacement_id: int | None = may_refer_to("item.id")
    quantity: Decimal | None = quantity_column(None)
    priority: int = 0
    version: int = version_column()


class OptionRuleCondition(SQLModel, table=True):
    """An option value that a rule demands; a rule applies when all of its values were chosen."""

    __tablename__ = "option_rule_condition"
    __table_args__ = (Index("option_rule_condition_value", "option_value_id"),)
    rule_id: int = key_of("option_rule.id")
    option_value_id: int = key_of("option_value.id")
