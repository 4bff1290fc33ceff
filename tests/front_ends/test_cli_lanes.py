"""The live lanes: what a person reads while an upload runs."""

import datetime as dt
import io
import uuid
from pathlib import Path

from rich.console import Console

from pellacia_service.cli.lanes import lanes
from pellacia_service.clock import SystemClock
from pellacia_service.domain.delivery import Delivery, Step
from pellacia_service.domain.post import Post
from pellacia_service.domain.stored_post import StoredPost
from pellacia_service.domain.view import PostView
from pellacia_service.facade import PLATFORM_NAMES
from pellacia_service.publishing.progress import ProgressBoard

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NARROW = 80
"""Columns of a terminal that nobody has made wider."""


def a_delivery(platform: str) -> Delivery:
    post, account = uuid.uuid4(), uuid.uuid4()
    return Delivery(uuid.uuid4(), post, account, platform, "default", Step.WAIT, NOW, NOW)


def test_what_is_waited_for_can_be_read_on_eighty_columns() -> None:
    deliveries = tuple(map(a_delivery, PLATFORM_NAMES))
    post = Post(id=uuid.uuid4(), file=Path("clip.mp4"), title="Hi")
    view = PostView(StoredPost(post, NOW, None, "", None, ""), deliveries)
    board = ProgressBoard(SystemClock())
    for delivery in deliveries:
        board.moved(delivery.id, Step.WAIT, f"{delivery.platform} is processing it")
    console = Console(width=NARROW, record=True, file=io.StringIO())

    console.print(lanes(view, board, NARROW))

    lines = console.export_text().splitlines()
    assert [line.rstrip().endswith("is processing it") for line in lines] == [True] * len(
        PLATFORM_NAMES
    )
