"""Somebody with an account and a client of their own."""

from typing import Any

import httpx

from pellacia_service.sandbox.server import RunningSandbox


class Somebody:
    """Plain requests to one platform, and the sandbox's control calls."""

    def __init__(
        self, sandbox: RunningSandbox, http: httpx.Client, platform: str, label: str
    ) -> None:
        self.http = http
        self.url = sandbox.url
        self.world = sandbox.world
        body = {"platform": platform, "label": label}
        account = http.post(f"{sandbox.url}/_sandbox/accounts", json=body).json()
        self.ids: dict[str, str] = account["ids"]
        self.token = str(account["access_token"])
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def wait(self, seconds: float) -> None:
        self.http.post(f"{self.url}/_sandbox/clock", json={"advance": seconds}).raise_for_status()

    def order(self, do: dict[str, Any], **where: Any) -> None:
        body = {"do": do, **where}
        self.http.post(f"{self.url}/_sandbox/faults", json=body).raise_for_status()

    def posts(self) -> list[dict[str, Any]]:
        return list(self.http.get(f"{self.url}/_sandbox/posts").json())
