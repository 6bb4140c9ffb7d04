"""The frames of a planning run: what goes into each step and what comes out.

Ids are the database's (int64). Quantities are int64 at QUANTITY_SCALE (0.001 units = 1_000), unit prices int64 at
PRICE_SCALE, dates pl.Date, instants pl.Datetime("us", "UTC"). `valid_from` and `valid_to` are both inclusive; null
means open-ended. `Decimal` lives at the edges only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

QUANTITY_SCALE = 1_000_000
PRICE_SCALE = 1_000_000
PERCENT_SCALE = 10_000  # scrap percent has four decimals: 2.5 % = 25_000

NUMBER, TEXT, DATE, FLAG = pl.Int64(), pl.String(), pl.Date(), pl.Boolean()
INSTANT = pl.Datetime("us", "UTC")


class Misfit(Exception):
    """A frame is not what its declaration says, or refers to what is not there: our mistake, not the user's."""


class Headroom(Exception):
    """A quantity would leave the range that the run computes exactly in. Nothing has been computed or wrapped."""


class Cycle(Exception):
    """Made or phantom items contain themselves. `path` names the items, first one repeated at the end."""

    def __init__(self, path: tuple[int, ...]) -> None:
        super().__init__("bill of materials in a circle: " + " > ".join(map(str, path)))
        self.path = path


@dataclass(frozen=True, slots=True)
class Column:
    """One column: type, meaning (with its unit), and whether it may be empty."""

    dtype: pl.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A declared frame: its name, its key and its columns in order."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name to Polars type."""
        return {name: column.dtype for name, column in self.columns.items()}

    def empty(self) -> pl.DataFrame:
        """The frame with no row."""
        return pl.DataFrame(schema=self.schema)

    def check(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The declared columns of `frame`, in order; raises Misfit on a wrong type, a missing column or a forbidden null."""
        schema = frame.schema
        for name, column in self.columns.items():
            if name not in schema:
                raise Misfit(f"{self.name} lacks the column {name}")
            if schema[name] != column.dtype:
                raise Misfit(f"{self.name}.{name} is {schema[name]}, declared is {column.dtype}")
        columns = [frame.get_column(name) for name in self.columns]
        for each in columns:
            if each.null_count() and not self.columns[each.name].nullable:
                raise Misfit(f"{self.name}.{each.name} has empty values")
        return frame if frame.width == len(columns) and frame.columns == [*self.columns] else pl.DataFrame(columns)

    def check_key(self, frame: pl.DataFrame) -> pl.DataFrame:
        """As check(), and raises Misfit where two rows have the same key."""
        checked = self.check(frame)
        if not self._is_unique(checked):
            raise Misfit(f"{self.name} has two rows of one {', '.join(self.key)}")
        return checked

    def _is_unique(self, frame: pl.DataFrame) -> bool:
        if frame.height < 2:
            return True
        keys = [frame.get_column(name) for name in self.key]
        if len(keys) == 1 and keys[0].dtype == NUMBER and not keys[0].null_count():
            numbers = keys[0].to_numpy()
            if (numbers[1:] > numbers[:-1]).all():  # as the database gives them, mostly
                return True
        return frame.select(self.key).n_unique() == frame.height


def _frame(name: str, key: str, **columns: Column) -> Frame:
    return Frame(name, tuple(key.split()), MappingProxyType(columns))


def _id(meaning: str, *, nullable: bool = False) -> Column:
    return Column(NUMBER, meaning, nullable)


def _quantity(meaning: str, *, nullable: bool = False) -> Column:
    return Column(NUMBER, meaning + ", at QUANTITY_SCALE", nullable)


VALID_FROM = Column(DATE, "first day on which the row counts; empty: always did", nullable=True)
VALID_TO = Column(DATE, "last day on which the row counts; empty: always will", nullable=True)

# --- in -------------------------------------------------------------------------------------------------------------
WAREHOUSES = _frame("WAREHOUSES", "warehouse", warehouse=_id("a warehouse of the organisation"))
LINES = _frame(
    "LINES",
    "line",
    line=_id("an open line of an approved sales order"),
    product=_id("product of the variant"),
    variant=_id("variant sold"),
    warehouse=_id("warehouse that the order ships from"),
    quantity=_quantity("open quantity (ordered less fulfilled less cancelled), sold units, positive"),
    needed_on=Column(DATE, "needed-by date; may be past"),
    approved_at=Column(INSTANT, "when the order was approved"),
)
LINE_OPTIONS = _frame(
    "LINE_OPTIONS",
    "line option_value",
    line=_id("line of LINES; rows of other lines are ignored"),
    option_value=_id("option value chosen on it"),
)
PRODUCTS = _frame(
    "PRODUCTS",
    "product",
    product=_id("product of a line"),
    covers_from_stock=Column(FLAG, "stock of its variants covers demand first"),
)
VARIANT_STOCK = _frame(
    "VARIANT_STOCK",
    "warehouse variant",
    warehouse=_id("warehouse"),
    variant=_id("variant"),
    on_hand=_quantity("stock, sold units; zero and negative cover nothing"),
)
ITEMS = _frame(
    "ITEMS",
    "item",
    item=_id("procurement item"),
    supply=Column(TEXT, "buy, make or phantom"),
    kind=Column(TEXT, "inventory, catalogue or generic"),
    warehouse=_id("default warehouse: its stock policy holds there even without a stock row", nullable=True),
    safety_stock=_quantity("safety stock, stock units; zero where there is none"),
    reorder_point=_quantity("reorder point, stock units", nullable=True),
    order_up_to=_quantity("order-up-to level, stock units", nullable=True),
    lot_policy=Column(TEXT, "lot_for_lot, fixed_multiple (the vendor's multiple) or period"),
    period_days=Column(NUMBER, "days that one order covers under the policy period", nullable=True),
    make_lead_days=Column(NUMBER, "days to make it: components are needed so much earlier"),
    goods_in_days=Column(NUMBER, "days from arrival to availability, taken off the order-by date"),
    unit_digits=Column(NUMBER, "decimals of the stock unit, 0 to 6"),
    group=_id("its group", nullable=True),
    vendor_policy=Column(TEXT, "preference, cheapest, fastest or share: its group's; preference without one"),
    contracts_first=Column(FLAG, "contracts go before every policy: its group's; true without one"),
)
BOM = _frame(
    "BOM",
    "row",
    row=_id("BOM row"),
    parent_kind=Column(TEXT, "variant, product or item"),
    parent=_id("variant, product or item, by parent_kind"),
    component=_id("item"),
    quantity_per=_quantity("stock units of the component per unit of the parent"),
    scrap_percent=Column(NUMBER, "percent lost, at PERCENT_SCALE; zero where there is none"),
    valid_from=VALID_FROM,
    valid_to=VALID_TO,
)
RULES = _frame(
    "RULES",
    "rule",
    rule=_id("configuration rule"),
    product=_id("only for this product", nullable=True),
    variant=_id("only for this variant", nullable=True),
    behaviour=Column(TEXT, "remove, replace, scale, add, or nothing"),
    component=_id("item added, removed, replaced or scaled; empty: nothing changes", nullable=True),
    replacement=_id("item that replaces it", nullable=True),
    quantity=_quantity("add: stock units per sold unit; scale: factor; replace: new quantity per", nullable=True),
    priority=Column(NUMBER, "order within a behaviour, lowest first"),
)
RULE_CONDITIONS = _frame(
    "RULE_CONDITIONS",
    "rule option_value",
    rule=_id("rule of RULES"),
    option_value=_id("value that the line must have chosen; a rule holds when all of its values are"),
)
ITEM_STOCK = _frame(
    "ITEM_STOCK",
    "warehouse item",
    warehouse=_id("warehouse"),
    item=_id("item; a row, even of zero, means that the item is kept there"),
    on_hand=_quantity("stock, stock units; may be negative"),
)
SUPPLY = _frame(
    "SUPPLY",
    "order_line",
    order_line=_id("open purchase order line"),
    warehouse=_id("warehouse that it arrives in"),
    item=_id("item"),
    quantity=_quantity("open quantity, stock units"),
    arrives_on=Column(DATE, "promised, else expected date; overdue counts as today"),
)
VENDOR_ITEMS = _frame(
    "VENDOR_ITEMS",
    "vendor_item",
    vendor_item=_id("mapping of an item to a vendor"),
    vendor=_id("vendor"),
    item=_id("item"),
    unit_digits=Column(NUMBER, "decimals of the purchase unit, 0 to 6"),
    unit_factor=_quantity("stock units in one purchase unit"),
    lead_days=Column(NUMBER, "days from order to arrival"),
    minimum=_quantity("minimum order quantity, purchase units; zero where there is none"),
    multiple=_quantity("order multiple, purchase units; zero where there is none"),
    preference=Column(NUMBER, "rank, lowest first"),
    share_percent=Column(NUMBER, "its part under the policy share, at PERCENT_SCALE; zero where there is none"),
    valid_from=VALID_FROM,
    valid_to=VALID_TO,
    is_usable=Column(FLAG, "the mapping and its vendor are active"),
)
PRICES = _frame(
    "PRICES",
    "vendor_item from_quantity valid_from",
    vendor_item=_id("vendor item"),
    from_quantity=_quantity("the price holds from here, purchase units"),
    unit_price=Column(NUMBER, "price of one purchase unit, at PRICE_SCALE"),
    currency=Column(TEXT, "ISO code"),
    valid_from=VALID_FROM,
    valid_to=VALID_TO,
)
VENDORS = _frame(
    "VENDORS",
    "vendor",
    vendor=_id("vendor; one that has no row takes orders on any day"),
    order_weekdays=Column(NUMBER, "days on which it takes orders, Monday 1, Tuesday 2, Wednesday 4 and so on; 0: any"),
    minimum_value=Column(NUMBER, "least value of an order in its currency, at PRICE_SCALE", nullable=True),
    currency=Column(TEXT, "ISO code"),
)
VENDOR_CLOSINGS = _frame(
    "VENDOR_CLOSINGS",
    "vendor from_day",
    vendor=_id("vendor of VENDORS"),
    from_day=Column(NUMBER, "first day of every year on which it is closed, month x 100 + day"),
    to_day=Column(NUMBER, "last one; before from_day where the closing runs over the new year"),
)
CONTRACTS = _frame(
    "CONTRACTS",
    "contract item",
    contract=_id("contract with a vendor"),
    vendor=_id("that vendor"),
    item=_id("an item of the contract"),
    currency=Column(TEXT, "ISO code of the contract"),
    unit_price=Column(NUMBER, "agreed price of a purchase unit, at PRICE_SCALE; empty: the list price", nullable=True),
    quantity_left=_quantity("agreed less drawn, purchase units; empty: no quantity is agreed", nullable=True),
    valid_from=VALID_FROM,
    valid_to=VALID_TO,
    is_usable=Column(FLAG, "the contract is active"),
)
CONTRACT_BALANCES = _frame(
    "CONTRACT_BALANCES",
    "contract",
    contract=_id("contract; one that has no row is not limited in amount"),
    amount_left=Column(
        NUMBER, "agreed less drawn, before tax, at PRICE_SCALE; empty: no amount is agreed", nullable=True
    ),
)
RATES = _frame(
    "RATES",
    "currency valid_from",
    currency=Column(TEXT, "ISO code; the organisation's own stands here too, at 1"),
    valid_from=Column(DATE, "from this day until the next rate of the currency; empty: from ever", nullable=True),
    rate=Column(NUMBER, "one of it in the organisation's currency, at PRICE_SCALE"),
)

# --- out ------------------------------------------------------------------------------------------------------------
COVERAGE = _frame(
    "COVERAGE",
    "line",
    line=_id("every line in scope"),
    ordered=_quantity("open quantity, sold units"),
    covered=_quantity("of it covered by stock of the variant"),
    exploded=_quantity("the rest"),
)
UNMAPPED = _frame(
    "UNMAPPED",
    "line",
    line=_id("a line with a rest to explode that no BOM row and no rule gives a component to"),
    product=_id("its product"),
    variant=_id("its variant"),
    quantity=_quantity("the rest, sold units: it stands in no requirement"),
)
UNCOVERED_LINES = _frame(
    "UNCOVERED_LINES",
    "line option_value",
    line=_id("a line with a rest to explode"),
    product=_id("its product"),
    variant=_id("its variant"),
    option_value=_id("value chosen on it that no rule for this variant asks about; it blocks nothing"),
    quantity=_quantity("the rest, sold units"),
)
UNCOVERED_OPTIONS = _frame(
    "UNCOVERED_OPTIONS",
    "variant option_value",
    variant=_id("variant sold"),
    option_value=_id("chosen value that no rule for this variant asks about; it blocks nothing"),
    lines=Column(NUMBER, "lines with a rest to explode that have it"),
)
CONTRADICTIONS = _frame(
    "CONTRADICTIONS",
    "line rule other_rule",
    line=_id("a blocked line: it stands in no requirement"),
    rule=_id("a rule that holds for it"),
    other_rule=_id("another one of the same behaviour, priority and component with another result"),
    component=_id("the component both want to change"),
)
DEAD_ENDS = _frame(
    "DEAD_ENDS",
    "item warehouse date",
    item=_id("a made or phantom item without a BOM row on that date"),
    warehouse=_id("warehouse"),
    date=Column(DATE, "needed date"),
    quantity=_quantity("what should have been exploded, stock units"),
)
REQUIREMENTS = _frame(
    "REQUIREMENTS",
    "item warehouse date",
    item=_id("bought or made item"),
    warehouse=_id("warehouse"),
    date=Column(DATE, "never before the as-of date"),
    gross=_quantity("demand of that date before netting, stock units"),
    scheduled_receipts=_quantity("open purchase quantities that arrive on it"),
    overdue_receipts=_quantity("of these, due before the as-of date"),
    projected=_quantity("balance at its end without any new order"),
    shortage=_quantity("new supply needed on it, given that earlier shortages were supplied, before lot sizing"),
    to_order=_quantity("of all that is short up to it, what no open order brings, however late, less earlier ones"),
)
PEGS = _frame(
    "PEGS",
    "item warehouse date line",
    item=_id("bought or made item"),
    warehouse=_id("warehouse"),
    date=Column(DATE, "date of the requirement"),
    line=_id("sales order line that asks; empty: the stock policy of a made item above", nullable=True),
    quantity=_quantity("its part of the gross, stock units, positive"),
)
PLAN_LINES = _frame(
    "PLAN_LINES",
    "item warehouse needed_on part",
    item=_id("bought item"),
    warehouse=_id("warehouse"),
    needed_on=Column(DATE, "date of the first shortage that it covers"),
    part=Column(NUMBER, "1, or 1, 2, ... where a need is split by share"),
    order_by=Column(DATE, "last day up to latest_order_on on which the vendor takes orders; may be past"),
    latest_order_on=Column(DATE, "needed less lead days less goods-in days, whatever day that is"),
    late_days=Column(NUMBER, "days from order_by to the as-of date, zero if not past"),
    arrives_on=Column(DATE, "when it is there if it is ordered on the next order day, not before order_by"),
    shortage=_quantity("what was needed beyond all open supply and earlier plan lines, before lot sizing, stock units"),
    split_need=_quantity("the whole need where it is split by share; shortage is then its part", nullable=True),
    share_percent=Column(NUMBER, "its vendor's part of all shares, at PERCENT_SCALE, rounded half up", nullable=True),
    trigger=Column(TEXT, "shortage or reorder_point"),
    vendor_item=_id("chosen mapping", nullable=True),
    vendor=_id("its vendor", nullable=True),
    quantity=_quantity("order quantity, purchase units", nullable=True),
    stock_quantity=_quantity("the same in stock units; without a vendor the shortage, up to the stock unit's digits"),
    contract=_id("contract that it draws on", nullable=True),
    contract_amount_left=Column(NUMBER, "what is left of its amount after this line, at PRICE_SCALE", nullable=True),
    contract_quantity_left=_quantity("what is left of its quantity after this line, purchase units", nullable=True),
    unit_price=Column(NUMBER, "price of one purchase unit, at PRICE_SCALE", nullable=True),
    currency=Column(TEXT, "its currency", nullable=True),
    reason=Column(TEXT, "what decided: a word of choice.WORDS"),
    candidates=Column(NUMBER, "vendor items that could have been chosen"),
    preference=Column(NUMBER, "rank of the chosen one", nullable=True),
    lead_days=Column(NUMBER, "its lead time", nullable=True),
    better_quantity=_quantity("a larger order that costs less in all, purchase units", nullable=True),
    better_price=Column(NUMBER, "its unit price, at PRICE_SCALE", nullable=True),
    saving=Column(NUMBER, "money that it costs less, at PRICE_SCALE, rounded half up", nullable=True),
)
ARITHMETIC = _frame(
    "ARITHMETIC",
    "date",
    date=Column(DATE, "a day on which anything happens"),
    opening=_quantity("balance before it without any new order"),
    gross=_quantity("demand of that date"),
    scheduled_receipts=_quantity("open purchase quantities that arrive on it"),
    projected=_quantity("balance at its end without any new order"),
    shortage=_quantity("new supply needed on it"),
    position=_quantity("on hand and all on order, however late, less gross to date, without any new order"),
    to_order=_quantity("new supply needed on it that no open order brings, however late"),
    planned=_quantity("what a plan line brings on it, stock units"),
    projected_with_plan=_quantity("balance at its end with the plan lines up to it"),
)
NEEDS = _frame(
    "NEEDS",
    "item warehouse date line",
    item=_id("bought or made item"),
    warehouse=_id("warehouse"),
    date=Column(DATE, "when it is needed"),
    line=_id("sales order line that needs it; empty: a stock policy or a debt of the stock", nullable=True),
    turn=Column(NUMBER, "place among the needs of one date, lowest first"),
    quantity=_quantity("what is needed, stock units; zero and less need nothing"),
)
SOURCES = _frame(
    "SOURCES",
    "item warehouse kind source available_on",
    item=_id("bought or made item"),
    warehouse=_id("warehouse"),
    kind=Column(TEXT, "stock, order (an open order line), make (to be made) or plan (a plan line)"),
    source=_id("order line or plan line; 0 for stock and what is made"),
    available_on=Column(DATE, "from this day on it serves needs"),
    quantity=_quantity("what it brings, stock units; zero and less bring nothing"),
)
SERVED = _frame(
    "SERVED",
    "item warehouse date line kind source available_on",
    item=_id("bought or made item"),
    warehouse=_id("warehouse"),
    date=Column(DATE, "when it is needed"),
    line=_id("sales order line that needs it", nullable=True),
    kind=Column(TEXT, "what serves it, as in SOURCES; none: nothing yet"),
    source=_id("its order line or plan line; 0 for everything else"),
    available_on=Column(DATE, "when it is there; empty where nothing serves it", nullable=True),
    quantity=_quantity("part of the need, stock units, positive"),
)
STRUCTURE = _frame(
    "STRUCTURE",
    "place",
    place=_id("number of the row, parents before their components"),
    parent_place=_id("row of the parent; empty: the sold line itself", nullable=True),
    depth=Column(NUMBER, "1 for components of the line itself"),
    component=_id("item"),
    row=_id("BOM row that puts it there; empty: a rule alone does", nullable=True),
    rules=Column(pl.List(NUMBER), "rules that put it there or changed it, in order of application"),
    needed_on=Column(DATE, "when the line needs it, if nothing is in stock"),
    per_unit=_quantity("stock units per sold unit, rounded half up for display"),
    quantity=_quantity("the same for the open quantity of the line"),
)
