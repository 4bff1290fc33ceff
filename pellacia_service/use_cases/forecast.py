"""Which posts are to go out after their account's sign-in has ended, in words."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pellacia_service.domain.credential import Ending, sign_in_command
from pellacia_service.domain.delivery import RESTING, Delivery
from pellacia_service.domain.view import PostView
from pellacia_service.repositories.session import Transaction


async def foreseen(tx: Transaction, views: Iterable[PostView]) -> tuple[PostView, ...]:
    """Return the posts with a warning at each delivery that its sign-in will not live to see."""
    endings = await tx.credentials.endings()
    return tuple(replace(view, warnings=_warnings(view, endings)) for view in views)


def _warnings(view: PostView, endings: Mapping[uuid.UUID, Ending]) -> dict[uuid.UUID, str]:
    found = {one.id: warning(one, endings.get(one.account_id)) for one in view.deliveries}
    return {delivery_id: said for delivery_id, said in found.items() if said}


def warning(delivery: Delivery, ending: Ending | None) -> str:
    """Say that a delivery's sign-in ends before it is due; "" where nothing stands in its way."""
    if ending is None or delivery.step in RESTING:
        return ""
    again = sign_in_command(ending.address)
    if ending.refused:
        return f"The sign-in of {ending.address} has ended: sign in again: {again}"
    by = ending.outlook.reconnect_by
    if by is None or delivery.due_at <= by:
        return ""
    return f"The sign-in of {ending.address} ends on {_day(by)}: sign in again before that: {again}"


def _day(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%d}"
