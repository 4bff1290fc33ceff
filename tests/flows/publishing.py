"""Publishing one clip through the door, as the command line does it."""

from collections.abc import Sequence
from pathlib import Path

from pellacia_service.facade import ALL, Delivery, Draft, Pellacia, PostView


async def publish(
    pellacia: Pellacia, clip: Path, addresses: Sequence[str] = (ALL,), title: str = "Hello, world"
) -> PostView:
    """Write a post and run a worker until nothing of it is left to do."""
    async with pellacia.press() as press:
        draft = Draft(
            file=clip,
            addresses=tuple(addresses),
            title=title,
            description="A first clip.",
            hashtags=("hello", "clip"),
        )
        view = await press.posts.write(draft)
        async for _ in press.worker.run(post_id=view.stored.id, until_idle=True):
            pass
    return await pellacia.queue.show(view.stored.id)


async def publish_on(pellacia: Pellacia, clip: Path, address: str) -> Delivery:
    """Publish on one account and return its delivery."""
    [delivery] = (await publish(pellacia, clip, [address])).deliveries
    return delivery


async def work(pellacia: Pellacia) -> None:
    """Run a worker until nothing is due or under way."""
    async with pellacia.press() as press:
        async for _ in press.worker.run(until_idle=True):
            pass
