"""What a publisher may take on at some hour, as a condition on the queue."""

import sqlalchemy as sa
from sqlmodel import col

from pellacia_service.domain.reach import Reach
from pellacia_service.repositories.tables.deliveries import IS_GUARDED, DeliveryRow
from pellacia_service.repositories.tables.posts import PostRow

Condition = sa.ColumnElement[bool]


def is_planned() -> Condition:
    """
    The delivery is due because the calendar says so.

    A person who orders another try moves `due_at` behind the time in the calendar.
    """
    return sa.exists().where(
        col(PostRow.id) == col(DeliveryRow.post_id),
        col(PostRow.scheduled_at) >= col(DeliveryRow.due_at),
    )


def within(reach: Reach) -> Condition:
    """The delivery may be taken on. Look-ups always may: they change nothing on the platform."""
    guarded = sa.literal_column(f"({IS_GUARDED})", sa.Boolean())
    match reach:
        case Reach.ANYTHING:
            return sa.true()
        case Reach.ORDERED:
            return sa.or_(guarded, sa.not_(is_planned()))
        case Reach.LOOK_UPS:
            return guarded
