"""Every sheet is a list, and a list names only what its sheet has."""

import re

import pytest

from buyside.domain.all_sheets import SHEETS
from buyside.queries.sheet_gaps import GAPS, SHEET_GAPS, Gap
from buyside.resources.all import RESOURCES
from buyside.resources.resource import Resource


def named(resource: Resource) -> str:
    return resource.sheet.name


def test_every_sheet_is_a_list() -> None:
    assert [each.sheet for each in RESOURCES] == list(SHEETS)


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_a_list_shows_columns_that_its_sheet_has_each_once(resource: Resource) -> None:
    shown = [each.name for each in resource.shown]
    assert len(set(shown)) == len(shown)
    columns = {each.name for each in resource.sheet.columns}
    assert set(shown) - columns <= set(resource.names)
    needed = {each.name for each in resource.sheet.columns if each.is_required}
    assert needed <= set(shown)  # a new row asks for them
    rooms = [each for each in resource.shown if not each.width and each.grow]
    assert rooms, "some column takes the room that is left"


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_links_and_units_name_columns_of_the_row(resource: Resource) -> None:
    columns = {each.name for each in resource.sheet.columns}
    for text in (resource.row_href, *(each.href for each in resource.shown)):
        assert set(re.findall(r"\{(\w+)\}", text)) <= columns
    assert {each.unit_from for each in resource.shown} - {""} <= columns


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_views_filter_by_columns_and_by_gaps_that_there_are(resource: Resource) -> None:
    columns = {each.name for each in resource.sheet.columns} | {
        each.name for each in SHEET_GAPS.get(named(resource), ())
    }
    labels = [each.label for each in resource.views]
    assert not labels or (labels[0] == "All" and len(labels) > 1)
    assert len(set(labels)) == len(labels)
    for view in resource.views:
        assert set(view.filter) <= columns
        words = view.filter.get(GAPS, {}).get("values", [])
        assert set(words) <= {each.value for each in Gap}


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_an_empty_list_says_what_to_do_next(resource: Resource) -> None:
    title, says = resource.empty
    assert title.endswith("yet")
    assert (
        "file" in says or "rule tester" in says or "Billing events" in says or "falls due" in says or "closed" in says
    )
