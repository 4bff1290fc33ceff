"""A picture for the post: sent before it is public, and never a reason to fail."""

from pathlib import Path

import pytest

from pellacia_service.facade import Draft, Pellacia, PostView, ProblemsError, Status
from pellacia_service.media import thumbnail
from pellacia_service.sandbox.server import RunningSandbox
from tests.trouble import make_trouble, requests_in


@pytest.fixture
async def picture(clip: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cover.jpg"
    path.write_bytes(await thumbnail(clip))
    return path


async def _publish(pellacia: Pellacia, clip: Path, picture: Path) -> PostView:
    draft = Draft(file=clip, addresses=("youtube",), title="Hello", thumbnail=picture)
    async with pellacia.press() as press:
        view = await press.posts.write(draft)
        async for _ in press.worker.run(post_id=view.stored.id, until_idle=True):
            pass
    return await pellacia.queue.show(view.stored.id)


async def test_a_thumbnail_is_sent_before_the_video_is_public(
    pellacia: Pellacia, clip: Path, picture: Path, sandbox: RunningSandbox
) -> None:
    view = await _publish(pellacia, clip, picture)

    calls = [(call["method"], call["path"]) for call in requests_in(sandbox, "youtube")]
    sent = calls.index(("POST", "/upload/youtube/v3/thumbnails/set"))
    opened = calls.index(("PUT", "/youtube/v3/videos"))
    assert view.status is Status.COMPLETED
    assert sent < opened


async def test_a_thumbnail_that_is_not_taken_fails_no_post(
    pellacia: Pellacia, clip: Path, picture: Path, sandbox: RunningSandbox
) -> None:
    make_trouble(sandbox, {"status": 403, "body": {}}, path="thumbnails/set")

    view = await _publish(pellacia, clip, picture)

    journal = await pellacia.queue.journal(view.deliveries[0].id)
    assert view.status is Status.COMPLETED
    assert any("thumbnail not taken" in entry.reason for entry in journal)


async def test_a_thumbnail_that_is_no_picture_is_refused(
    pellacia: Pellacia, clip: Path, sandbox: RunningSandbox
) -> None:
    with pytest.raises(ProblemsError) as refusal:
        await _publish(pellacia, clip, clip)

    assert refusal.value.problems["youtube"][0].field == "thumbnail"
