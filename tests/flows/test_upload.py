"""One clip, six platforms, from the door to the sandbox and back."""

from pathlib import Path

from pellacia_service.facade import PLATFORM_NAMES, Pellacia, Status
from pellacia_service.sandbox.server import RunningSandbox
from tests.flows.publishing import publish
from tests.trouble import posts_in


async def test_one_upload_is_public_on_six_platforms_with_the_files_own_hash(
    pellacia: Pellacia, clip: Path, clip_sha256: str, sandbox: RunningSandbox
) -> None:
    view = await publish(pellacia, clip)

    posts = posts_in(sandbox)
    assert view.status is Status.COMPLETED
    assert {post["platform"] for post in posts} == set(PLATFORM_NAMES)
    assert len(posts) == 6
    assert {post["sha256"] for post in posts} == {clip_sha256}
    assert {post["state"] for post in posts} == {"public"}


async def test_every_delivery_knows_its_link_its_hash_and_its_bytes(
    pellacia: Pellacia, clip: Path, clip_sha256: str, sandbox: RunningSandbox
) -> None:
    view = await publish(pellacia, clip)

    urls = {post["platform"]: post["url"] for post in posts_in(sandbox)}
    for delivery in view.deliveries:
        assert delivery.url.startswith("https://")
        assert delivery.remote_id in delivery.url or delivery.platform == "instagram"
        assert urls[delivery.platform].startswith("https://")
        assert delivery.sha256 == clip_sha256
        assert delivery.bytes_sent == clip.stat().st_size
        assert delivery.error is None


async def test_each_step_is_written_down_before_the_next(pellacia: Pellacia, clip: Path) -> None:
    view = await publish(pellacia, clip, ["instagram"])

    entries = await pellacia.queue.journal(view.deliveries[0].id)

    steps = [entry.to_step for entry in entries]
    assert steps[0] == "open"
    assert steps[-3:] == ["publish", "confirm", "done"]
    assert [entry.id for entry in entries] == sorted({entry.id for entry in entries})


async def test_the_same_file_twice_is_two_posts_because_a_person_asked_twice(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    await publish(pellacia, clip, ["instagram"])
    await publish(pellacia, clip, ["instagram"], title="Again")

    assert len(posts_in(sandbox, "instagram")) == 2
