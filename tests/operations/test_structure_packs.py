"""Rules that say that nothing is needed go out with a pack and come back as they were; half-said ones are refused (ITM-8)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, select

from buyside.db.structure import OptionRule
from buyside.domain.access import OPERATOR
from buyside.operations.packs import PackRefused, import_pack
from buyside.queries.packs import export_pack
from tests.pack_samples import SAMPLE, write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = "code,product,sku,when,behaviour,component,replacement,qty,priority\n"


def load(session: Session, folder: Path, rules: str) -> None:
    others = set(SAMPLE) - {"rules"}
    import_pack(session, OPERATOR, source=write_pack(folder, {"rules": HEAD + rules}, leave_out=others), at=AT)


@pytest.fixture
def sample(session: Session, tmp_path: Path) -> Session:
    import_pack(session, OPERATOR, source=write_pack(tmp_path / "sample"), at=AT)
    return session


@pytest.mark.rule("ITM-8")
def test_rules_that_need_nothing_come_back_as_they_went_out(sample: Session, tmp_path: Path) -> None:
    load(sample, tmp_path / "pack", "N1,BIKE,,colour=blue,nothing,,,,\nN2,,BIKE-L,,nothing,,,,\n")
    kept = {row.code: row for row in sample.exec(select(OptionRule)).all()}
    assert (kept["N1"].component_id, kept["N2"].behaviour) == (None, "nothing")
    export_pack(sample, OPERATOR, folder=tmp_path / "out")
    written = (tmp_path / "out" / "rules.csv").read_text().splitlines()
    assert "N1,BIKE,,colour=blue,nothing,,,,0" in written
    assert "N2,,BIKE-L,,nothing,,,,0" in written
    load(sample, tmp_path / "again", "\n".join(written[1:]) + "\n")
    export_pack(sample, OPERATOR, folder=tmp_path / "twice")
    assert (tmp_path / "twice" / "rules.csv").read_bytes() == (tmp_path / "out" / "rules.csv").read_bytes()


@pytest.mark.rule("ITM-5")
@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("N,BIKE,,colour=blue,nothing,BOLT,,,", "component"),
        ("N,BIKE,,colour=blue,add,,,2,", "component"),
        ("N,BIKE,,,add,BOLT,,2,", "when"),
        ("N,,,,nothing,,,,", "when"),
    ],
)
def test_a_rule_of_a_pack_that_says_too_little_or_too_much_is_refused(
    sample: Session, tmp_path: Path, row: str, column: str
) -> None:
    with pytest.raises(PackRefused) as refusal, sample.begin_nested():
        load(sample, tmp_path / "pack", row + "\n")
    assert [(each.file, each.row, each.column) for each in refusal.value.faults] == [("rules.csv", 2, column)]
