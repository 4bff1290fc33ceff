"""The demo itself: a sandbox, six accounts, a sample video, six posts."""

import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pellacia_service.cli import shapes
from pellacia_service.cli.exit_codes import of_deliveries
from pellacia_service.cli.lanes import watch_lanes
from pellacia_service.cli.output import Output, post_lines
from pellacia_service.facade import (
    ALL,
    DEFAULT_LABEL,
    PLATFORM_NAMES,
    Draft,
    Pellacia,
    PostView,
    SetupError,
    demo_settings,
    environment_for_children,
    make_sample,
    open_pellacia,
)

START_SECONDS = 20.0


async def run_demo(keep: Path | None, output: Output) -> int:
    """Publish a sample on all six platforms of a sandbox, and return the exit code."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory("-pellacia")))
        async with _sandbox_process() as url:
            view = await _publish_sample(folder, url, output)
    _print(view, output)
    if keep:
        output.note(
            f"Kept. Look at it: PELLACIA_HOME={shlex.quote(str(keep))} pellacia-dist queue list"
        )
    return of_deliveries(view.deliveries)


@asynccontextmanager
async def _sandbox_process() -> AsyncIterator[str]:
    """
    Start the sandbox as a process of its own, and stop it in the end.

    In a session of its own: Ctrl-C must not end it before the publisher that talks to it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pellacia_service",
        "sandbox",
        stdout=asyncio.subprocess.PIPE,
        env=environment_for_children(),
        start_new_session=True,
    )
    try:
        line = await asyncio.wait_for(_first_line(process), START_SECONDS)
        yield json.loads(line)["url"]
    except (TimeoutError, ValueError) as error:
        raise SetupError("The sandbox did not start. Try: pellacia-dist sandbox") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.readline() if process.stdout else b""


async def _publish_sample(folder: Path, url: str, output: Output) -> PostView:
    settings = demo_settings(folder, url)
    async with open_pellacia(settings) as pellacia:
        output.note("Connecting six accounts of the sandbox …")
        await connect_all(pellacia)
        output.note("Making a sample video …")
        sample = await make_sample(folder / "sample.mp4")
        draft = Draft(
            file=sample,
            addresses=(ALL,),
            title="Hello from Pellacia",
            description="One file, six platforms, one command.",
            hashtags=("hello", "pellacia"),
        )
        async with pellacia.press() as press:
            view = await press.posts.write(draft)
            return await watch_lanes(pellacia, press, view, output)


async def connect_all(pellacia: Pellacia) -> None:
    """Sign in to an account of each platform of the sandbox, playing the browser."""
    async with pellacia.sign_in() as sign_in:
        for name in PLATFORM_NAMES:
            request = sign_in.begin(name)
            answer = await sign_in.approve_in_sandbox(request)
            await sign_in.complete(name, DEFAULT_LABEL, request, answer)


def _print(view: PostView, output: Output) -> None:
    if output.as_json:
        output.document(shapes.post(view))
    for line in post_lines(view):
        output.line(line)
