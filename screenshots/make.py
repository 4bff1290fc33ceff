"""
Draws the pictures of the README from the real program, running against the sandbox.

    python -m screenshots.make
"""

import asyncio
import io
import tempfile
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from pellacia_service.cli.demo_day import connect_all
from pellacia_service.cli.lanes import lanes
from pellacia_service.facade import (
    ALL,
    Draft,
    Pellacia,
    PostView,
    demo_settings,
    make_sample,
    open_pellacia,
)
from pellacia_service.sandbox.server import running_sandbox
from tests.clips import grow

HERE = Path(__file__).parent
WIDTH = 104
COMMAND = '$ pellacia-dist upload --platforms all --file launch.mp4 --title "Hello, world"'

SIZE = 48 << 20

SPEEDS = {
    "youtube": 14_000_000,
    "instagram": 8_000_000,
    "tiktok": 11_000_000,
    "x": 16_000_000,
    "linkedin": 6_000_000,
    "facebook": 12_000_000,
}
"""Bytes per second that the sandbox takes, so that the picture shows uploads under way."""


async def main() -> None:
    """Write upload.svg: the lanes half-way, and in the end."""
    console = Console(record=True, width=WIDTH, force_terminal=True, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder, running_sandbox(seed=7) as sandbox:
        for platform, speed in SPEEDS.items():
            fault = {"platform": platform, "times": 1000, "do": {"bytes_per_second": speed}}
            httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault).raise_for_status()
        async with open_pellacia(demo_settings(Path(folder), sandbox.url)) as pellacia:
            await connect_all(pellacia)
            await _draw(pellacia, Path(folder), console)
    console.save_svg(str(HERE / "upload.svg"), title="Pellacia Distribution")


async def _draw(pellacia: Pellacia, folder: Path, console: Console) -> None:
    sample = await make_sample(folder / "launch.mp4")
    grow(sample, SIZE)
    draft = Draft(file=sample, addresses=(ALL,), title="Hello, world", hashtags=("hello",))
    async with pellacia.press() as press:
        view = await press.posts.write(draft)

        async def publish() -> None:
            async for _ in press.worker.run(post_id=view.stored.id, until_idle=True):
                pass

        task = asyncio.create_task(publish())
        console.print(Text(COMMAND, style="bold"))
        for pause in (2.5, None):
            if pause is None:
                await task
            else:
                await asyncio.sleep(pause)
            console.print()
            now: PostView = await pellacia.queue.show(view.stored.id)
            console.print(lanes(now, press.board, WIDTH))


if __name__ == "__main__":
    asyncio.run(main())
