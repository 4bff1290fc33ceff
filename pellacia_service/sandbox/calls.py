"""A call by somebody who is signed in, and its JSON."""

import json
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from pellacia_service.sandbox.world import SandboxAccount, Token


@dataclass(frozen=True)
class Call:
    """A request whose token is good for what it asks."""

    request: Request
    token: Token

    @property
    def account(self) -> SandboxAccount:
        """Whose token it is."""
        return self.token.account

    def query(self, name: str, default: str = "") -> str:
        """Return a parameter of the query, whether it was sent percent-encoded or raw."""
        return self.request.query_params.get(name, default)

    def path(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return str(self.request.path_params[name])

    def header(self, name: str) -> str:
        """Return a header; "" where it is missing."""
        return self.request.headers.get(name, "")


async def json_object(request: Request) -> dict[str, object] | None:
    """
    Return the body's object.

    {} for an empty body, None for one that is no JSON object or broke off on its way.
    """
    try:
        body = await request.body()
        read = json.loads(body) if body else {}
    except (ValueError, ClientDisconnect):
        return None
    return read if isinstance(read, dict) else None


def whole_number(value: object) -> int | None:
    """Return a JSON number without a fraction; None for anything else, also for true and false."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def object_of(value: object) -> dict[str, object]:
    """Return a JSON object; {} for anything else."""
    return value if isinstance(value, dict) else {}
