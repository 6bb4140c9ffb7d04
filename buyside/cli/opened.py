"""The database, as commands find it: running, with its roles, and with the tables of this version."""

from collections.abc import Iterator
from contextlib import contextmanager

from buyside.db import ready
from buyside.domain.refusals import Refused


class TablesOfAnotherVersion(Refused):
    code = "database.other-version"
    says = "The database's tables are of another version. Back it up, then run: buyside db upgrade"


@contextmanager
def opened_database() -> Iterator[None]:
    """A database to work with for the length of a `with`. The embedded server runs meanwhile. Refuses: TablesOfAnotherVersion."""
    with ready.database():
        if not ready.is_current():
            raise TablesOfAnotherVersion
        yield
