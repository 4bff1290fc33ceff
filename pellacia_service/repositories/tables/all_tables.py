"""Every table, for whoever compares them with a database, or makes them in one."""

import sqlalchemy as sa

from pellacia_service.repositories.dialect import complete_for_servers
from pellacia_service.repositories.tables import (  # noqa: F401 - they enter the catalogue
    accounts,
    analytics,
    budgets,
    calendar,
    credential_uses,
    credentials,
    deliveries,
    history,
    ingested,
    journal,
    marks,
    posts,
)
from pellacia_service.repositories.tables.base import metadata


def all_tables() -> sa.MetaData:
    """Return the catalogue of all tables, complete for both kinds of database."""
    complete_for_servers(metadata)
    return metadata
