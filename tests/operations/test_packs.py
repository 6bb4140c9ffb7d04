from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from buyside.domain.access import OPERATOR
from buyside.operations.packs import import_pack
from tests.pack_samples import write_pack

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_pack_loads_and_a_second_time_changes_nothing(session: Session, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    done = import_pack(session, OPERATOR, source=pack, at=AT)
    assert all(each.created == each.rows and each.changed == 0 for each in done.files)
    assert import_pack(session, OPERATOR, source=pack, at=AT).is_unchanged
