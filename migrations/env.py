"""
How alembic reaches the database.

The program calls with its own connection, inside its own transaction (`repositories/migrate.py`).

To write a new migration: change a file of `repositories/tables/`, then, with PELLACIA_DATABASE_URL naming
a scratch database,

    pellacia-dist db upgrade
    alembic revision --autogenerate --rev-id 0002 -m "what changes"

The numbers stay in one line: the highest one is the newest. Read what was generated: a rebuilt
table loses its indexes on expressions, and the same file must serve both databases.
"""

import asyncio

import sqlalchemy as sa
from alembic import context

from pellacia_service.repositories.dialect import open_store
from pellacia_service.repositories.tables.all_tables import all_tables
from pellacia_service.settings import Settings


def migrate_on(connection: sa.Connection) -> None:
    # No transaction is begun here where the caller has one: all of it happens, or nothing.
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        render_as_batch=True,
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_from_the_command_line() -> None:
    settings = Settings()
    store = open_store(settings.database, settings.database_schema)
    try:
        async with store.migrate.begin() as connection:
            await connection.run_sync(migrate_on)
    finally:
        await store.close()


given = context.config.attributes.get("connection")
if given is not None:
    migrate_on(given)
else:
    asyncio.run(migrate_from_the_command_line())
