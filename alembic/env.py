"""How migrations run: as the owner, in one transaction, one process at a time."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import buyside.db
from buyside.db.engine import owner_url

# Every module of the room: tables announce themselves to the metadata when they are imported.
for module in iter_modules([str(Path(buyside.db.__file__).parent)]):
    import_module(f"buyside.db.{module.name}")

LOCK = 0x62757974  # any number, as long as every Buyside uses the same


def run_online() -> None:
    """Migrate over a connection of our own."""
    url = make_url(context.config.attributes.get("url") or owner_url()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=False,  # all of them or none
        )
        with context.begin_transaction():
            # Held to the end of the transaction; the revision is read after it, so the second process finds nothing to do.
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()


def run_offline() -> None:
    """Write the statements out instead of running them (`alembic upgrade head --sql`)."""
    context.configure(dialect_name="postgresql", target_metadata=SQLModel.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
