"""What all tables share."""

import enum
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Row(SQLModel, registry=registry(metadata=metadata)):
    """What all tables share: one catalogue, and one way to name constraints."""

    # Rows come from the database or from the domain: nothing asks pydantic to check one, and
    # the program starts sooner when it does not prepare for it.
    model_config = {"defer_build": True}


def one_of(words: Iterable[enum.StrEnum]) -> str:
    """Write some steps or words as an SQL list, in a steady order: ('check', 'open', …)."""
    return "(" + ", ".join(f"'{word.value}'" for word in words) + ")"
