"""Parts of the page of the draft plan: one line in full, and the questions before something is decided or ordered."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.domain.access import Permission
from buyside.domain.words import PLAN_LINE_WORDS, Tone
from buyside.pages.kit import form
from buyside.pages.kit.base import link
from buyside.pages.kit.dialog import dialog
from buyside.pages.kit.parts import amount, button, link_button, notice, panel, section, status, table
from buyside.pages.shell import when_allowed
from buyside.state.plan import PlanState as Plan
from buyside.state.plan_convert import PlanConvertState as Convert
from buyside.state.plan_split import PlanSplitState as Split

_SPLIT_SAYS = "split-says"


def _fact(label: str, decided: str, suggested: str = "") -> rx.Component:
    beside = rx.el.span(" suggested ", Plan.facts[suggested], class_name="quiet") if suggested else rx.fragment()
    differs = rx.cond(Plan.facts[decided] != Plan.facts[suggested], beside, rx.fragment()) if suggested else beside
    return rx.fragment(rx.el.dt(label), rx.el.dd(Plan.facts[decided], differs))


def _take(label: str, can_take: Any, on_click: Any) -> rx.Component:
    return when_allowed(Permission.PLAN_EDIT, rx.cond(can_take, button(label, on_click, look="plain"), rx.fragment()))


def _other(each: Any) -> tuple[Any, ...]:
    return (
        rx.el.span(each["vendor"], class_name="clip"),
        amount(each["quantity"], each["unit"]),
        amount(each["price"]),
        amount(each["total"]),
        amount(each["lead"]),
        rx.cond(
            each["says"] != "",
            rx.el.div(status(each["says"], tone=each["tone"]), class_name="wraps"),
            rx.fragment(),
        ),
        _take("Take", each["can_take"], Plan.take_vendor(each["vendor_item_id"])),
    )


def _contract(each: Any) -> tuple[Any, ...]:
    return (
        each["number"],
        amount(each["price"]),
        amount(each["left"]),
        rx.cond(each["says"] != "", status(each["says"], tone="active"), rx.fragment()),
        _take("Take", each["can_take"], Plan.take_contract(each["contract_id"], each["vendor_item_id"])),
    )


def _piece(each: Any) -> tuple[Any, ...]:
    return (
        rx.cond(
            each["is_this"],
            rx.el.strong(each["vendor"]),
            rx.el.button(each["vendor"], type="button", class_name="link", on_click=Plan.open(each["line_id"])),
        ),
        amount(each["quantity"], each["unit"]),
        each["needed_on"],
        status(each["state"], PLAN_LINE_WORDS),
    )


def _notices() -> rx.Component:
    def told(name: str, *before: str, tone: Tone = Tone.WARN) -> rx.Component:
        return rx.cond(Plan.facts[name] != "", notice(*before, Plan.facts[name], tone=tone), rx.fragment())

    take = rx.cond(
        (Plan.state == "open") & ~Plan.is_locked,
        when_allowed(Permission.PLAN_EDIT, button(Plan.facts["offer_takes"], Plan.take_offer)),
        rx.fragment(),
    )
    offer = rx.cond(
        Plan.facts["offer"] != "",
        notice(rx.el.div(Plan.facts["offer"]), take, tone=Tone.GOOD),
        rx.fragment(),
    )
    return rx.fragment(
        told("drift", "Moved since the run: "),
        told("carried", tone=Tone.NEUTRAL),
        told("left_out_reason", "Left out: ", tone=Tone.NEUTRAL),
        offer,
    )


def _acts() -> rx.Component:
    is_open = Plan.state == "open"
    unlocked = rx.fragment(
        button("Lock", Plan.decide("lock"), icon_name="lock"),
        button("Split", Split.ask, icon_name="split"),
        rx.cond(Plan.pieces.length() > 0, button("Join again", Plan.join), rx.fragment()),
        button("Leave out", Plan.ask_leave_out(False)),
    )
    return rx.el.div(
        when_allowed(
            Permission.PLAN_EDIT,
            rx.fragment(
                rx.cond(
                    is_open,
                    rx.cond(Plan.is_locked, button("Unlock", Plan.decide("unlock"), icon_name="lock-open"), unlocked),
                    rx.fragment(),
                ),
                rx.cond(Plan.state == "left_out", button("Take back", Plan.decide("take_back")), rx.fragment()),
            ),
        ),
        link_button("Requirement", Plan.facts["path"]),
        when_allowed(Permission.PLAN_RUN, link_button("What if …", Plan.facts["what_if"])),
        class_name="actions",
    )


def line_panel() -> rx.Component:
    """One line of the plan: suggestion beside decision, why, and who else could deliver."""
    contracts = section(
        "Contracts",
        table(
            "Contracts for this item",
            ("Contract", "Price", "Left for it", "Standing", ""),
            Plan.contracts,
            _contract,
            numbers=("Price", "Left for it"),
        ),
        says="beside the plan's other lines",
        actions=[
            rx.cond(
                (Plan.facts["contract"] != "None") & (Plan.state == "open") & ~Plan.is_locked,
                when_allowed(Permission.PLAN_EDIT, button("Take off the contract", Plan.leave_contract, look="plain")),
                rx.fragment(),
            )
        ],
    )
    pieces = section(
        "Split over",
        table(
            "Parts of the need", ("Vendor", "Quantity", "Needed", "Status"), Plan.pieces, _piece, numbers=("Quantity",)
        ),
    )
    return panel(
        Plan.facts["title"],
        _notices(),
        rx.el.dl(
            rx.el.dt("Status"),
            rx.el.dd(
                status(Plan.state, PLAN_LINE_WORDS),
                rx.cond(Plan.is_locked, rx.el.span(" locked", class_name="quiet"), rx.fragment()),
                rx.cond(
                    Plan.facts["order"] != "",
                    rx.el.span(" ", link(Plan.facts["order"], to=Plan.facts["order_path"])),
                    rx.fragment(),
                ),
            ),
            _fact("Order", "quantity", "suggested_quantity"),
            _fact("Vendor", "vendor", "suggested_vendor"),
            _fact("Contract", "contract", "suggested_contract"),
            _fact("Needed", "needed_on", "suggested_needed_on"),
            rx.el.dt("Order by"),
            rx.el.dd(
                Plan.facts["order_by"],
                rx.cond(
                    Plan.facts["late"] != "", rx.el.span(" ", status(Plan.facts["late"], tone="warn")), rx.fragment()
                ),
            ),
            _fact("Arrives", "arrives_on"),
            _fact("Price", "price", "suggested_price"),
            _fact("Total", "total"),
            _fact("Warehouse", "warehouse"),
            class_name="facts",
        ),
        _acts(),
        rx.cond(Plan.pieces.length() > 0, pieces, rx.fragment()),
        section(
            "Why",
            rx.el.p(Plan.facts["reason"]),
            *[rx.el.p(Plan.facts[name], class_name="quiet") for name in ("lot", "order_day", "price_from")],
        ),
        rx.cond(Plan.contracts.length() > 0, contracts, rx.fragment()),
        section(
            "Who could deliver",
            table(
                "Vendors of this item",
                ("Vendor", "Quantity", "Price", "Total", "Lead", "Standing", ""),
                Plan.others,
                _other,
                numbers=("Quantity", "Price", "Total", "Lead"),
                empty="Nobody sells this item to us. Add a vendor item, and run the plan again.",
            ),
            says="at list prices",
        ),
        on_close=Plan.close,
        label="Plan line",
    )


def _part(each: Any) -> rx.Component:
    number = each["number"]

    def told(name: str) -> dict[str, Any]:
        """How a field shows that it could not be read."""
        return {
            "aria_invalid": rx.cond(Split.wrong == name + number, "true", "false"),
            "aria_describedby": rx.cond(Split.wrong == name + number, _SPLIT_SAYS, ""),
        }

    def named(label: str, control: rx.Component) -> rx.Component:
        return rx.el.label(rx.el.span(label, class_name="quiet"), control, class_name="split-field")

    def options(values: Any) -> rx.Component:
        return rx.foreach(values, lambda one: rx.el.option(one["label"], value=one["value"]))

    return rx.el.fieldset(
        rx.el.legend("Part " + number),
        named(
            "Quantity or %",
            rx.el.input(
                name="quantity_" + number,
                default_value=each["quantity"],
                class_name="input number",
                input_mode="decimal",
                auto_complete="off",
                on_blur=lambda value: Split.weigh_quantity(number, value),
                **told("quantity_"),
            ),
        ),
        named(
            "Vendor",
            rx.el.select(
                options(Split.vendors),
                name="vendor_" + number,
                class_name="input",
                on_change=lambda value: Split.weigh_vendor(number, value),
            ),
        ),
        named(
            "Needed",
            rx.el.input(
                type="date",
                name="needed_on_" + number,
                default_value=each["needed_on"],
                class_name="input",
                **told("needed_on_"),
            ),
        ),
        named(
            "Price",
            rx.el.input(
                name="price_" + number,
                class_name="input number",
                input_mode="decimal",
                auto_complete="off",
                placeholder="As agreed",
                **told("price_"),
            ),
        ),
        rx.cond(
            Split.contracts.length() > 2,
            named("Contract", rx.el.select(options(Split.contracts), name="contract_" + number, class_name="input")),
            rx.fragment(),
        ),
        class_name="split-part",
        key=number,
    )


def split_dialog() -> rx.Component:
    """A line over several vendors or dates."""
    return dialog(
        "Split the line",
        rx.cond(Split.says != "", rx.el.div(notice(Split.says, tone=Tone.BAD), id=_SPLIT_SAYS), rx.fragment()),
        rx.el.form(
            rx.foreach(Split.parts, _part),
            rx.el.p(Split.weight, class_name=rx.cond(Split.is_even, "quiet", "split-uneven"), role="status"),
            rx.el.div(
                button("Add a part", Split.add_part, icon_name="plus", look="plain"),
                rx.cond(
                    Split.parts.length() > 2, button("Remove the last", Split.remove_part, look="plain"), rx.fragment()
                ),
                rx.el.span(class_name="spring"),
                button("Back", Split.stop),
                button("Split", kind="submit", look="primary"),
                class_name="dialog-foot",
            ),
            on_submit=Split.split,
            class_name="form",
            aria_label="Split the line",
            no_validate=True,
            key=Split.serial.to_string(),
        ),
        is_open=Split.is_asking,
        on_close=Split.stop,
        says="The first part stays on the line beside its suggestion; each other becomes a line of its own. "
        "Give each part a quantity, or each a share of the line like 33 %.",
        is_wide=True,
    )


def leave_out_dialog() -> rx.Component:
    """Why lines are left out."""
    return dialog(
        "Leave out",
        form.form(
            "Leave out",
            form.text("reason", help="Stands beside the suggestion.", needed=True),
            on_submit=Plan.leave_out,
            errors=Plan.errors,
            submit="Leave out",
            key=Plan.is_leaving_out.to_string(),
            show_title=False,
        ),
        is_open=Plan.is_leaving_out,
        on_close=Plan.stop_leaving_out,
        says=Plan.leaving_out + " in the plan as left out and is not ordered.",
    )


def convert_dialogs() -> rx.Component:
    """The question before lines become orders, what stands against it, and the orders that were made."""
    told = (Convert.drift_says != "") | (Convert.minimum_says != "")
    ask = dialog(
        "Make purchase orders",
        rx.cond(Convert.convert_sum != "", rx.el.p(Convert.convert_sum, class_name="quiet"), rx.fragment()),
        *[
            rx.cond(each != "", notice(each, tone=Tone.WARN), rx.fragment())
            for each in (Convert.drift_says, Convert.minimum_says)
        ],
        rx.el.div(
            button("Back", Convert.stop),
            rx.cond(
                told,
                button("Order all the same", Convert.convert(True), look="primary"),
                button("Make orders", Convert.convert(False), look="primary"),
            ),
            class_name="dialog-foot",
        ),
        is_open=Convert.is_converting,
        on_close=Convert.stop,
        says=Convert.convert_says
        + " draft orders, one per vendor, currency, warehouse and contract. Nothing is sent yet.",
    )
    return rx.fragment(ask, made_dialog(Convert))


def made_dialog(state: Any) -> rx.Component:
    """The orders that were made, when their vendors take them, and the lines that stay in the plan, with the reason."""
    return dialog(
        "Draft orders",
        table(
            "Orders made",
            ("Order", "Vendor", "Lines", "Total", "Takes orders on", "Freight"),
            state.made,
            lambda each: (
                link(each["number"], to=each["path"]),
                each["vendor"],
                amount(each["lines"]),
                amount(each["total"]),
                each["send"],
                each["freight"],
            ),
            numbers=("Lines", "Total"),
        ),
        rx.cond(
            state.not_made.length() > 0,
            section(
                "Not ordered",
                table(
                    "Lines that stay in the plan",
                    ("Item", "Needed", "Why"),
                    state.not_made,
                    lambda each: (each["item"], each["day"], each["why"]),
                ),
            ),
            rx.fragment(),
        ),
        rx.el.div(button("Close", state.close_made, look="primary"), class_name="dialog-foot"),
        is_open=state.is_made,
        on_close=state.close_made,
        says="They wait in Purchase orders to be looked over and issued.",
        is_wide=True,
    )
