"""
The line to a platform: one account, one token, one way to call.

Every request of a platform file goes through `Api.call`. It adds the token, sends the request,
and turns whatever can go wrong into one of the errors of `errors.py` (`trouble.py` does the
reading). It never repeats a request, follows a redirect, or waits.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from pellacia_service.clock import Clock
from pellacia_service.domain.account import Account
from pellacia_service.domain.json import Json
from pellacia_service.errors import PlatformError, RefusedError
from pellacia_service.platform_kit.facts import Facts
from pellacia_service.platform_kit.trouble import error_of_answer, error_of_network

OPEN_SECONDS = 10.0
WRITE_SECONDS = 60.0
"""For one block of up to 1 MiB, so that a slow line is not taken for a dead one."""
ANSWER_SECONDS = 60.0
LAST_PART_ANSWER_SECONDS = 120.0
"""Platforms answer the last byte of a large file only after they have put it away."""


@dataclass(frozen=True)
class Answer:
    """What an answer says beside its body: its headers, and the trouble it stands for, if any."""

    headers: httpx.Headers
    trouble: PlatformError | None


@dataclass(frozen=True)
class Api:
    """
    One account's line to one platform.

    Args:
        token: the access token; it goes into the Authorization header and nowhere else.
        sandbox_url: where the sandbox listens; empty for the real platforms. In the sandbox a
            real host becomes the first path segment.
        answers: every answer on this line so far, for whoever watches the quotas.
    """

    http: httpx.AsyncClient
    facts: Facts
    account: Account
    token: str = field(repr=False)
    clock: Clock
    sandbox_url: str = ""
    answers: list[Answer] = field(default_factory=list)

    async def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        form: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        scheme: str = "Bearer",
        accept: Collection[int] = (),
        answer_seconds: float = ANSWER_SECONDS,
    ) -> httpx.Response:
        """
        Send one request and return its answer, already read.

        Args:
            url: an address of the real platform, or one that the platform handed out.
            params: added to the query, percent-encoded. Build the query into `url` where the
                platform wants another encoding.
            scheme: the word before the token; "" sends no token.
            accept: statuses that are good answers beside 2xx.
            answer_seconds: how long the answer may take after the last byte.

        Raises:
            PlatformError: one of its kinds, see `errors.py`.
        """
        request = self.http.build_request(
            method,
            self._address(url),
            params=params,
            json=json,
            data=form,
            content=content,
            headers={**self._authorization(url, scheme), **(headers or {})},
            timeout=httpx.Timeout(
                answer_seconds, connect=OPEN_SECONDS, write=WRITE_SECONDS, pool=None
            ),
        )
        try:
            response = await self.http.send(request)
        except httpx.HTTPError as error:
            raise error_of_network(error, self.facts) from error
        trouble = error_of_answer(response, self.facts, accept, now=self.clock.now())
        self.answers.append(Answer(response.headers, trouble))
        if trouble is not None:
            raise trouble
        return response

    def _address(self, url: str) -> str:
        """Point a real address at the sandbox, where there is one."""
        if not self.sandbox_url or url.startswith(self.sandbox_url):
            return url
        return f"{self.sandbox_url}/{url.removeprefix('https://')}"

    def _authorization(self, url: str, scheme: str) -> dict[str, str]:
        if not scheme:
            return {}
        at_home = self.sandbox_url and url.startswith(self.sandbox_url + "/")
        if not at_home and urlsplit(url).hostname not in self.facts.hosts:
            raise RefusedError(
                f"{self.facts.title} handed out an upload address on {urlsplit(url).hostname}, "
                "which is not one of its known hosts. The token was not sent there.",
                platform=self.facts.name,
                code="unknown_host",
                not_done=True,
            )
        return {"Authorization": f"{scheme} {self.token}"}
