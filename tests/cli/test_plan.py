"""`buyside plan`, and its result files against a plan worked out by hand."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, func, select

from buyside.cli import main
from buyside.db.engine import sessions
from buyside.db.plans import PlanningRun
from tests.world import TODAY, World

NEEDED = TODAY + timedelta(days=30)
WHEELS_ON = NEEDED - timedelta(days=5)
LATER = NEEDED + timedelta(days=10)


@pytest.fixture(scope="module", autouse=True)
def tiny_company(database: object) -> None:
    """Two orders of bikes: a frame that is bought, two wheels that are made of 3.5 spokes each with 2.5 % scrap."""
    with World.open() as world:
        main_house = world.warehouse("Main", code="MAIN")
        world.warehouse("Second", code="SECOND")
        frame, spoke = world.item("Frame", code="FRAME"), world.item("Spoke", code="SPOKE", safety_stock=Decimal(10))
        wheel = world.item("Wheel", code="WHEEL", supply="make", make_lead_days=5)
        bell = world.item("Bell", code="BELL", goods_in_days=1)
        bike = world.variant("Bike")
        bike.sku = "BIKE"
        world.bom(bike, frame, 1)
        world.bom(bike, wheel, 2)
        world.bom(bike, bell, "0.5")
        world.bom(wheel, spoke, "3.5", scrap_percent=Decimal("2.5"))
        acme = world.vendor("Acme", code="ACME")
        acme.supplies(frame, price="99.50", breaks={10: "30"}, lead_days=7, minimum=4, multiple=2, part='F "1"')
        world.vendor("Spokes", code="SPOKES").supplies(
            spoke, unit=world.unit("box"), pack=100, price="1.20", lead_days=40, part="S,1"
        )
        world.stock(main_house, bike, 1)
        world.stock(main_house, spoke, 12)
        world.order(acme, main_house, (frame, 1), issued=True, expected_on=TODAY - timedelta(days=9))
        for number, quantity, on in (("SO-1", 2, NEEDED), ("SO-2", 3, LATER)):
            order, _ = world.sales_order(main_house, (bike, quantity, on))
            order.number = number
            world.add(order)


def read(path: Path) -> list[list[str]]:
    assert path.read_bytes().endswith(b"\r\n")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.rule("PLAN-10")
def test_a_run_writes_the_result_files_that_the_arithmetic_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["plan", "run", "--as-of", TODAY.isoformat(), "--out", str(tmp_path), "--json"]) == main.DONE
    done = json.loads(capsys.readouterr().out)
    assert (done["requirements"], done["plan_lines"], done["late_lines"], done["unmapped"]) == (9, 4, 1, 0)
    today, needed, later = TODAY.isoformat(), NEEDED.isoformat(), LATER.isoformat()
    wheels, wheels_later = WHEELS_ON.isoformat(), (LATER - timedelta(days=5)).isoformat()
    assert read(tmp_path / "requirements.csv") == [
        ["item", "warehouse", "date", "gross", "scheduled_receipts", "projected", "shortage"],
        ["BELL", "MAIN", needed, "0.5", "0", "-0.5", "0.5"],
        ["BELL", "MAIN", later, "1.5", "0", "-2", "1.5"],
        ["FRAME", "MAIN", today, "0", "1", "1", "0"],
        ["FRAME", "MAIN", needed, "1", "0", "0", "0"],
        ["FRAME", "MAIN", later, "3", "0", "-3", "3"],
        ["SPOKE", "MAIN", wheels, "7.175", "0", "4.825", "5.175"],
        ["SPOKE", "MAIN", wheels_later, "21.525", "0", "-16.7", "21.525"],
        ["WHEEL", "MAIN", needed, "2", "0", "-2", "2"],
        ["WHEEL", "MAIN", later, "6", "0", "-8", "6"],
    ]
    assert read(tmp_path / "coverage.csv") == [
        ["order", "line", "sku", "ordered", "covered_from_stock", "exploded"],
        ["SO-1", "1", "BIKE", "2", "1", "1"],
        ["SO-2", "1", "BIKE", "3", "0", "3"],
    ]
    assert read(tmp_path / "pegs.csv") == [
        ["item", "warehouse", "date", "order", "line", "qty"],
        ["BELL", "MAIN", needed, "SO-1", "1", "0.5"],
        ["BELL", "MAIN", later, "SO-2", "1", "1.5"],
        ["FRAME", "MAIN", needed, "SO-1", "1", "1"],
        ["FRAME", "MAIN", later, "SO-2", "1", "3"],
        ["SPOKE", "MAIN", wheels, "SO-1", "1", "7.175"],
        ["SPOKE", "MAIN", wheels_later, "SO-2", "1", "21.525"],
        ["WHEEL", "MAIN", needed, "SO-1", "1", "2"],
        ["WHEEL", "MAIN", later, "SO-2", "1", "6"],
    ]
    lines = read(tmp_path / "plan_lines.csv")
    head = "item warehouse needed_on order_by late_days shortage vendor vendor_part contract order_qty unit unit_price currency"
    assert lines[0] == [*head.split(), "reason"]
    bell_by, bell_later_by = (day - timedelta(days=1) for day in (NEEDED, LATER))
    told = [
        # Half a bell is none to order: without a vendor the shortage, up to whole pieces, carries the rest forward.
        ["BELL", "MAIN", needed, bell_by.isoformat(), "0", "0.5", "", "", "", "1", "pcs", "", ""],
        ["BELL", "MAIN", later, bell_later_by.isoformat(), "0", "1", "", "", "", "1", "pcs", "", ""],
        ["FRAME", "MAIN", later, (LATER - timedelta(days=7)).isoformat(), "0", "3", "ACME", 'F "1"', "", "4", "pcs", "99.5", "EUR"],
        ["SPOKE", "MAIN", wheels, (WHEELS_ON - timedelta(days=40)).isoformat(), "15", "5.175", "SPOKES", "S,1", "", "1", "box", "1.2", "EUR"],
    ]  # fmt: skip
    assert [row[:-1] for row in lines[1:]] == told
    reasons = [row[-1] for row in lines[1:]]
    assert reasons[0] == reasons[1] == "No vendor can be ordered from."
    # Ten frames at 30 are 300, four at 99.50 are 398.
    assert reasons[2] == "The only vendor for it. Ordering 10 at 30 would cost 98 EUR less in all."


@pytest.mark.rule("PLAN-10")
def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert main.run(["plan", "run", "--as-of", TODAY.isoformat(), "--out", str(tmp_path / name)]) == main.DONE
    for file in ("requirements.csv", "coverage.csv", "pegs.csv", "plan_lines.csv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_a_run_of_one_warehouse_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["plan", "run", "--as-of", TODAY.isoformat(), "--warehouse", "SECOND"]) == main.DONE
    assert "0 plan lines for 0 shortages" in capsys.readouterr().out


def test_an_unknown_warehouse_is_refused_and_a_wrong_date_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["plan", "run", "--as-of", TODAY.isoformat(), "--warehouse", "NOWHERE"]) == main.REFUSED
    assert "There is no warehouse NOWHERE." in capsys.readouterr().err
    assert main.run(["plan", "run", "--as-of", "next week"]) == main.WRONG_USAGE


@pytest.mark.rule("PLAN-13")
def test_a_folder_that_cannot_be_is_told_before_anything_is_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter").write_text("dear")
    with sessions()() as session:
        before = session.exec(select(func.count(col(PlanningRun.id)))).one()
    words = ["plan", "run", "--as-of", "2026-03-02", "--out", str(tmp_path / "letter")]
    assert main.run(words) == main.WRONG_USAGE
    assert capsys.readouterr().err == f"{tmp_path / 'letter'} cannot be used: File exists.\n"
    with sessions()() as session:
        assert session.exec(select(func.count(col(PlanningRun.id)))).one() == before


def test_a_plan_is_converted_by_vendor_and_then_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["plan", "run", "--as-of", TODAY.isoformat(), "--json"]) == main.DONE
    run_id = str(json.loads(capsys.readouterr().out)["run_id"])
    assert main.run(["plan", "convert", run_id, "--vendor", "ACME", "--json"]) == main.DONE
    first = json.loads(capsys.readouterr().out)
    assert [(each["vendor_code"], each["lines"], each["total"]) for each in first["orders"]] == [("ACME", 1, "398.00")]
    assert main.run(["plan", "convert", run_id]) == main.DONE
    said = capsys.readouterr().out
    assert "Spokes" in said
    assert "It has no vendor." in said
    assert "It is on an order already." in said
    assert main.run(["plan", "convert", run_id]) == main.REFUSED
    assert main.run(["plan", "convert", run_id, "--vendor", "NOBODY"]) == main.REFUSED
    with sessions()() as session:
        states = session.execute(
            text("SELECT state, count(*) FROM plan_line WHERE run_id = :run GROUP BY 1 ORDER BY 1"), {"run": run_id}
        ).all()
    assert [tuple(each) for each in states] == [("converted", 2), ("open", 2)]
