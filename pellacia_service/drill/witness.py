"""What the sandbox saw. It imports nothing of ours and is asked over HTTP: a witness, not an accomplice."""

import http.client
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pellacia_service.domain.json import Json
from pellacia_service.errors import SetupError
from pellacia_service.settings import environment_for_children

PROGRAM = """
from pellacia_service.wiring.sandbox import serve
serve(port=0, seed={seed}, pace={pace})
"""

PACE = 0.01
"""Of the time that the sandbox usually takes to process a video."""

FAR = 10.0
"""Seconds. Platforms are looked at for posts from two minutes before the call."""

ANSWER_SECONDS = 30.0

STOP_SECONDS = 10.0


class Witness:
    """The control calls of one sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.publishers_ahead = 0.0
        """Seconds by which the time of those whom it watches is ahead of the machine's."""
        self._ahead = 0.0

    def forget(self) -> None:
        """Have it forget all posts, calls and quotas, but no account; time is the machine's again."""
        self._ask("POST", "/_sandbox/reset")
        self._ahead = 0.0

    def keep_up(self, ahead: float) -> None:
        """Let its time go on, so that it is not far behind the publishers'."""
        if ahead - self._ahead > FAR:
            self._ask("POST", "/_sandbox/clock", {"advance": ahead - self._ahead})
            self._ahead = ahead

    def add_account(self, platform: str, label: str) -> dict[str, Any]:
        """Open an account on a platform, and return its ids and tokens."""
        asked: Json = {"platform": platform, "label": label}
        account: dict[str, Any] = self._ask("POST", "/_sandbox/accounts", asked)
        return account

    def change_weather(self, fault: Mapping[str, Json] | None, *, clears: bool) -> None:
        """
        Order a fault.

        Args:
            fault: None where nothing is to go wrong.
            clears: end first whatever was ordered before.
        """
        if clears:
            self._ask("DELETE", "/_sandbox/faults")
        if fault is not None:
            self._ask("POST", "/_sandbox/faults", dict(fault))

    def public_posts(self) -> Counter[tuple[str, str]]:
        """Count what anybody can see, for each (platform, account label)."""
        posts = self._ask("GET", "/_sandbox/posts")
        return Counter(
            (post["platform"], post["account"]) for post in posts if post["state"] == "public"
        )

    def _ask(self, method: str, path: str, body: Json = None) -> Any:
        address = urlsplit(self.url)
        line = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=ANSWER_SECONDS
        )
        try:
            line.request(method, path, json.dumps(body) if body else None)
            answer = line.getresponse()
            told = json.loads(answer.read() or "null")
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise SetupError(f"The sandbox refused {method} {path}: {told}")
            return told
        finally:
            line.close()


@contextmanager
def open_witness(seed: int) -> Iterator[Witness]:
    """
    Run a sandbox as a process of its own for the length of the block.

    Raises:
        SetupError: it did not start.
    """
    program = PROGRAM.format(seed=seed, pace=PACE)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env=environment_for_children(),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SetupError("The sandbox did not start. Try: pellacia-dist sandbox")
        yield Witness(json.loads(line)["url"])
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
