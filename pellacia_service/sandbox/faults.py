"""Trouble on order: which requests it strikes, how often, and the middleware that brings it."""

import re
import uuid
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from pellacia_service.sandbox.fault_kinds import ENDINGS, WRAPPERS, Doing, listing_lag
from pellacia_service.sandbox.fields import Fields
from pellacia_service.sandbox.hosts import split_host
from pellacia_service.sandbox.world import World

__all__ = ["Fault", "FaultMiddleware", "Faults", "listing_lag", "read_fault"]


@dataclass
class Fault:
    """
    One order for trouble.

    Args:
        platform, method: "" strikes any.
        path: searched in host and path, without the query; None strikes any.
        times: how often it still strikes.
        skip: how many requests that fit it lets pass first.
        probability: chance that a request that fits is struck.
    """

    id: str
    doing: Doing
    platform: str
    method: str
    path: re.Pattern[str] | None
    times: int
    skip: int
    probability: float

    def fits(self, scope: Scope) -> bool:
        """True where this request is one of those meant."""
        if self.times <= 0:
            return False
        if self.platform and self.platform != scope["state"]["platform"]:
            return False
        if self.method and self.method != scope["method"]:
            return False
        if self.path and not self.path.search("".join(split_host(scope["path"]))):
            return False
        return self.doing.kind != "reset_after_bytes" or _is_long_enough(scope, self.doing.amount)


class Faults:
    """The orders that stand, oldest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let an order stand until it has struck `times` times."""
        self._orders.append(fault)

    def clear(self) -> None:
        """Drop all orders."""
        self._orders.clear()

    def strike(self, scope: Scope) -> list[Doing]:
        """Return what befalls this request: any number of hindrances, at most one ending."""
        doings: list[Doing] = []
        ended = False
        for fault in self._orders:
            is_ending = fault.doing.kind in ENDINGS
            if (is_ending and ended) or not fault.fits(scope) or not self._strikes(fault):
                continue
            doings.append(fault.doing)
            ended = ended or is_ending
        self._orders = [fault for fault in self._orders if fault.times > 0]
        return doings

    def _strikes(self, fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if self._world.random.random() >= fault.probability:
            return False
        fault.times -= 1
        return True


class FaultMiddleware:
    """Puts the wrappers of the faults that strike around the handler."""

    def __init__(self, app: ASGIApp, *, world: World, faults: Faults) -> None:
        self._app = app
        self._world = world
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request of a platform, with whatever befalls it."""
        app = self._app
        # An ending stands next to the handler, so that a delay before a lost answer is felt too.
        doings = sorted(self._faults.strike(scope), key=lambda doing: doing.kind not in ENDINGS)
        for doing in doings:
            app = WRAPPERS[doing.kind](app, doing, self._world)
        await app(scope, receive, send)


def read_fault(body: object) -> Fault:
    """
    Read the body of `POST /_sandbox/faults`.

    Raises:
        ValueError: says which key is wrong.
    """
    fields = Fields(body)
    fault = Fault(
        id=str(uuid.uuid4()),
        doing=_read_doing(fields.get("do")),
        platform=fields.text("platform", ""),
        method=fields.text("method", "").upper(),
        path=_read_pattern(fields.text("path", "")),
        times=fields.whole("times", 1, least=1),
        skip=fields.whole("skip", 0, least=0),
        probability=fields.number("probability", 1.0, least=0.0, most=1.0),
    )
    fields.allow_only("do", "platform", "method", "path", "times", "skip", "probability")
    return fault


FLAGS = frozenset({"lost_answer", "reset_before", "expire_token"})
BYTE_COUNTS = frozenset({"reset_after_bytes", "truncate_answer"})
SECONDS = frozenset({"delay", "processing_seconds", "listing_lag"})
SLOWEST = 1.0
"""Bytes per second."""


def _read_doing(body: object) -> Doing:
    fields = Fields(body, name="do")
    kinds = sorted(set(fields.names) & set(WRAPPERS))
    if len(kinds) != 1:
        raise ValueError(f"do must have exactly one of: {', '.join(WRAPPERS)}")
    kind = kinds[0]
    if kind == "status":
        fields.allow_only("status", "headers", "body")
        headers = {name: str(value) for name, value in fields.mapping("headers").items()}
        amount = fields.whole(kind, 0, least=200, most=599)
        return Doing(kind, amount=amount, headers=headers, body=fields.get("body", ""))
    fields.allow_only(kind)
    if kind in FLAGS:
        fields.must_be_true(kind)
        return Doing(kind)
    if kind == "processing_fails":
        return Doing(kind, code=fields.text(kind))
    if kind in BYTE_COUNTS:
        return Doing(kind, amount=fields.whole(kind, 0))
    return Doing(kind, amount=fields.number(kind, 0, least=0 if kind in SECONDS else SLOWEST))


def _read_pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from error


def _is_long_enough(scope: Scope, size: float) -> bool:
    """A body that never reaches the break is left alone; of a chunked one nobody knows."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return bool(int(value) >= size)
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])
