"""Migrations: one line of them, and what they make is what the tables say."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from buyside.db import ready
from tests.conftest import Database


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(ready.alembic_config("")).get_heads()) == 1


def test_every_migration_says_what_it_does() -> None:
    for script in ScriptDirectory.from_config(ready.alembic_config("")).walk_revisions():
        assert script.doc
        assert script.path.split("/")[-1] != f"{script.revision}_.py"


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_migrations_equal_tables(database: Database) -> None:
    """Raises with the differences, which would be the body of the missing migration."""
    command.check(ready.alembic_config(database.owner_url))
