"""Long lists in pages: a cursor names the last row that was seen, so new rows shift nothing."""

import base64
import binascii
import datetime as dt
import uuid
from typing import TypeAlias, TypeVar

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from pellacia_service.errors import BadInputError
from pellacia_service.repositories.tables.deliveries import DeliveryRow
from pellacia_service.repositories.tables.posts import PostRow

Paged: TypeAlias = "type[PostRow] | type[DeliveryRow]"
PagedRow = TypeVar("PagedRow", PostRow, DeliveryRow)


def page_of(
    statement: SelectOfScalar[PagedRow], table: Paged, *, limit: int, cursor: str | None
) -> SelectOfScalar[PagedRow]:
    """
    Make a query return one page, newest first, and one row more, which tells that there is more.

    Raises:
        BadInputError: the cursor is none that a list has handed out.
    """
    created_at, id_ = col(table.created_at), col(table.id)
    if cursor is not None:
        seen_at, seen_id = read_cursor(cursor)
        statement = statement.where(
            sa.or_(created_at < seen_at, sa.and_(created_at == seen_at, id_ < seen_id))
        )
    return statement.order_by(created_at.desc(), id_.desc()).limit(limit + 1)


def cut(rows: list[PagedRow], limit: int) -> tuple[list[PagedRow], str | None]:
    """Return the page's rows, and the cursor of the next page; None where this was the last."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], write_cursor(last.created_at, last.id)


def write_cursor(at: dt.datetime, id_: uuid.UUID) -> str:
    """Name the last row of a page by the instant it is sorted by, and its id."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id_.hex}".encode()).decode()


def read_cursor(cursor: str) -> tuple[dt.datetime, uuid.UUID]:
    """
    Read what `write_cursor` wrote.

    Raises:
        BadInputError: it is no cursor.
    """
    try:
        at, _, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        seen_at = dt.datetime.fromisoformat(at)
        if seen_at.utcoffset() is None:
            raise ValueError("without an offset")
        return seen_at, uuid.UUID(id_)
    except (ValueError, binascii.Error) as error:
        raise BadInputError(
            f"{cursor!r} is no cursor. Use the value of `next` as it was given, or none."
        ) from error
