"""The database, as commands find it: running, with its roles, and with the tables of this version."""

from collections.abc import Iterator
from contextlib import contextmanager

from buyside.db import engine, ready
from buyside.domain.refusals import Refused


class TablesOfAnotherVersion(Refused):
    code = "database.other-version"
    says = "The database's tables are of another version. Back it up, then run: buyside db upgrade"


class NoTablesYet(Refused):
    code = "database.no-tables"
    says = "The database is empty: there are no tables yet. To make them, run: buyside db upgrade"


@contextmanager
def opened_database() -> Iterator[None]:
    """A database to work with for the length of a `with`. The embedded server runs meanwhile.

    An embedded database without tables gets them; nobody else's does. Refuses: NoTablesYet, TablesOfAnotherVersion.
    """
    with ready.database():
        if not ready.is_current():
            if ready.has_tables():
                raise TablesOfAnotherVersion
            if not engine.is_embedded():
                raise NoTablesYet
            ready.upgrade()
        yield
