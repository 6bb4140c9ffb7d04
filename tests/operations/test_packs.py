from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from buyside.db import engine
from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from buyside.queries.packs import export_pack
from tests.conftest import Database
from tests.pack_samples import write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_pack_loads_and_a_second_time_changes_nothing(session: Session, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    done = import_pack(session, OPERATOR, source=pack, at=AT)
    assert all(each.created == each.rows and each.changed == 0 for each in done.files)
    assert import_pack(session, OPERATOR, source=pack, at=AT).is_unchanged


def _contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.rule("VEN-5")
def test_a_pack_that_was_written_out_comes_back_as_it_was(database: Database, tmp_path: Path) -> None:
    with engine.sessions()() as first:
        import_pack(first, OPERATOR, source=write_pack(tmp_path / "pack"), at=AT)
        written = export_pack(first, OPERATOR, folder=tmp_path / "one")
        first.rollback()
    with engine.sessions()() as second:
        import_pack(second, OPERATOR, source=tmp_path / "one", at=AT)
        export_pack(second, OPERATOR, folder=tmp_path / "two")
        assert import_pack(second, OPERATOR, source=tmp_path / "two", at=AT).is_unchanged
        second.rollback()
    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")
    assert written.rows["sales_order_lines.csv"] == 4
