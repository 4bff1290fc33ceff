"""One sign-in with a person: the browser, the pasted address, and the choice among several accounts."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellacia_service.cli.asking import Typist
from pellacia_service.cli.output import Output
from pellacia_service.facade import (
    AccountChoice,
    BadInputError,
    NotConnectedError,
    SetupError,
    SignedIn,
    environment_for_children,
)

if TYPE_CHECKING:
    from pellacia_service.facade import Loopback, SignIn

MOST_TRIES = 3
"""How often somebody is asked for a number before the question is given up."""


@dataclass(frozen=True)
class Order:
    """
    How accounts are to be connected.

    Args:
        wanted: name or id of one of several accounts.
        features: what to allow; empty for what is usual.
        browser: False only prints the address of the page.
        patience: how long to wait for a person, seconds.
    """

    label: str
    wanted: str = ""
    features: tuple[str, ...] = ()
    browser: bool = True
    patience: float = 300.0
    typist: Typist = field(default_factory=Typist)


async def play_the_browser(sign_in: "SignIn", platform: str, order: Order) -> SignedIn:
    """Sign in to an account of the sandbox, approving by ourselves."""
    request = sign_in.begin(platform, order.label, features=order.features)
    answer = await sign_in.approve_in_sandbox(request)
    return await sign_in.complete(platform, order.label, request, answer, wanted=order.wanted)


async def ask_to_approve(
    sign_in: "SignIn", platform: str, order: Order, output: Output
) -> SignedIn:
    """Show the page, and take the answer from the browser or from the keyboard: what comes first."""

    async def choose(choices: Sequence[AccountChoice]) -> AccountChoice:
        return await _choose(choices, order.typist, output)

    async with _listener(sign_in, platform, order, output) as loopback:
        request = sign_in.begin(
            platform,
            order.label,
            features=order.features,
            redirect_uri=loopback.address if loopback else "",
        )
        _show(request.url, order, output)
        try:
            async with asyncio.timeout(order.patience):
                answer = await _first_answer(loopback, order.typist, platform)
        except TimeoutError as error:
            raise NotConnectedError(
                f"No answer came within {order.patience:g} seconds, so {platform} is not connected. "
                f"Start again: pellacia-dist auth login {platform}"
            ) from error
    return await sign_in.complete(
        platform,
        order.label,
        request,
        answer,
        wanted=order.wanted,
        choose=choose if _somebody_is_there() else None,
    )


@asynccontextmanager
async def _listener(
    sign_in: "SignIn", platform: str, order: Order, output: Output
) -> AsyncIterator["Loopback | None"]:
    """Listen for the browser. Without a browser here, a port that is taken does no harm."""
    listening = sign_in.listen(platform)
    try:
        loopback = await listening.__aenter__()
    except SetupError as error:
        if order.browser:
            raise
        output.complain(f"{error} Now it can only be pasted.")
        yield None
        return
    try:
        yield loopback
    finally:
        await listening.__aexit__(None, None, None)


def _show(url: str, order: Order, output: Output) -> None:
    if order.browser and _has_browser():
        output.complain(f"Your browser opens this page. Approve there:\n\n  {url}\n")
        output.complain("Paste the address that it ends at here, should nothing happen by itself:")
        _open_browser(url)
        return
    output.complain(f"Open this page and approve:\n\n  {url}\n")
    output.complain(
        "A browser on this computer then says that you may close it. On another computer it ends "
        "at an address that it cannot show. Paste that address here:"
    )


def _has_browser() -> bool:
    """True where a page can be shown to the person: not over SSH, not on a server."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform in {"win32", "darwin"}:
        return not os.environ.get("SSH_CONNECTION")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_browser(url: str) -> None:
    """Open the system's browser, in a process of its own: browsers write to stdout, and some block."""
    subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "webbrowser", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment_for_children(),
        start_new_session=True,
    )


async def _first_answer(loopback: "Loopback | None", typist: Typist, platform: str) -> str:
    """Return the address that the browser brought, or the one that was pasted."""
    browser = asyncio.ensure_future(loopback.answer() if loopback else asyncio.Future())
    typed = asyncio.ensure_future(_pasted(typist))
    try:
        await asyncio.wait({browser, typed}, return_when=asyncio.FIRST_COMPLETED)
        if not browser.done() and typed.result():
            return typed.result()
        if loopback is None:
            raise BadInputError(
                f"No address was pasted, so {platform} is not connected. "
                f"Start again: pellacia-dist auth login {platform}"
            )
        return await browser
    finally:
        browser.cancel()
        typed.cancel()


async def _pasted(typist: Typist) -> str:
    """Return the next line that is not blank; "" where nobody can type."""
    while line := await typist.line():
        if line.strip():
            return line.strip()
    return ""


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


async def _choose(
    choices: Sequence[AccountChoice], typist: Typist, output: Output
) -> AccountChoice:
    """Let a person choose by number."""
    output.complain("This sign-in speaks for several accounts:")
    for number, one in enumerate(choices, start=1):
        output.complain(f"  {number}  {one.name} ({one.id})")
    for _ in range(MOST_TRIES):
        output.complain(f"Which one? Type a number from 1 to {len(choices)}:")
        word = (await _pasted(typist)).rstrip(".")
        if not word:
            break
        if word.isdecimal() and 1 <= int(word) <= len(choices):
            return choices[int(word) - 1]
    raise BadInputError(
        "No account was chosen, so nothing is connected. --as NAME chooses as well."
    )
