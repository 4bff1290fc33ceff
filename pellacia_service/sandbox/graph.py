"""
graph.facebook.com, the host that Instagram and Facebook share.

A path is `/{version}/{node}` or `/{version}/{node}/{edge}`. Who knows the node by its id answers:
each platform file hands its finder in. graph-video.facebook.com is the same under another name.

Sources: Graph API overview, "Handling errors", "Rate limits", "Paginated results"; read 2026-11-22.
"""

import datetime as dt
import json
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pellacia_service.sandbox.graph_call import (
    Call,
    authorization,
    graph_error,
    missing_object,
    pick,
    read_call,
    wanted,
)
from pellacia_service.sandbox.world import Refusal, SandboxAccount, World

HOSTS = ("graph.facebook.com", "graph-video.facebook.com")
NEWEST_VERSION = 26
PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 100

DAY = dt.timedelta(days=1)
DAILY_CALLS = 4800
"""4800 calls in 24 hours for each impression or engaged user: a sandbox account has one of them."""

USE_CASES: Mapping[str, tuple[str, str]] = {
    "facebook": ("page_id", "pages"),
    "instagram": ("ig_user_id", "instagram"),
}
"""Platform to whose budget a call counts against, and what the usage header calls it."""

Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True)
class Edge:
    """What answers at one edge, and the permission that the token needs ("" for none)."""

    handle: Handler
    scope: str = ""


@dataclass(frozen=True)
class Node:
    """
    An object of the Graph.

    Args:
        kind: its type, as error texts name it.
        values: all fields it has; None where a field is known and absent.
        default: fields that come unasked, beside the id.
        edges: by method and name: ("POST", "media").
    """

    kind: str
    account: SandboxAccount
    values: Mapping[str, object]
    default: tuple[str, ...] = ()
    edges: Mapping[tuple[str, str], Edge] = field(default_factory=dict)


Finder = Callable[[str], Node | None]


class Graph:
    """Finds the node that a call is about, checks who may see it, and counts the calls."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._finders: list[Finder] = []
        self._calls: defaultdict[str, deque[dt.datetime]] = defaultdict(deque)
        world.on_reset(self._calls.clear)

    def add(self, finder: Finder) -> None:
        """Let a platform's objects be found."""
        self._finders.append(finder)

    def routes(self) -> list[Route]:
        """Return the calls of both host names."""
        methods = ["GET", "POST", "DELETE"]
        return [
            Route(f"/{host}/{{version}}/{path}", self.answer, methods=methods)
            for host in HOSTS
            for path in ("{node}", "{node}/{edge}", "{node}/{edge}/{rest:path}")
        ]

    async def answer(self, request: Request) -> Response:
        """Answer one call, with the usage headers where it is known whose call it is."""
        usage: dict[str, str] = {}
        try:
            call = await self._read(request)
            usage = self._count(call.account)
            return JSONResponse(await self._answer(call), headers=usage)
        except Refusal as refusal:
            refusal.headers |= usage
            raise
        finally:
            await request.close()

    async def _read(self, request: Request) -> Call:
        version = request.path_params["version"]
        if not _is_version(version) or request.path_params.get("rest"):
            path = "/".join(request.url.path.split("/")[2:])
            raise graph_error(f"Unknown path components: /{path}", 2500)
        return await read_call(self._world, request, version)

    async def _answer(self, call: Call) -> object:
        node = self._find(call)
        method = call.request.method
        name = call.request.path_params.get("edge", "")
        if not name and method == "GET":
            return call.pick(node.values, default=node.default, of=node.kind)
        edge = node.edges.get((method, name))
        if edge is None:
            raise _unknown_edge(call, node, name)
        if edge.scope and edge.scope not in call.token.scopes:
            raise graph_error(
                f"(#10) Application does not have permission for this action: {edge.scope}", 10
            )
        return await edge.handle(call)

    def _find(self, call: Call) -> Node:
        name = call.request.path_params["node"]
        node_id = _own_id(call) if name == "me" else name
        for finder in self._finders:
            node = finder(node_id)
            if node is not None and node.account is call.account:
                return node
        raise missing_object(call.request.method, name)

    def _count(self, account: SandboxAccount) -> dict[str, str]:
        """Count a call and return the usage headers: shares of the budget, in percent."""
        calls = self._calls[account.address]
        now = self._world.clock.now()
        calls.append(now)
        while calls[0] <= now - DAY:
            calls.popleft()
        share = min(100, 100 * len(calls) // DAILY_CALLS)
        usage = {"call_count": share, "total_time": share, "total_cputime": share}
        id_name, use_case = USE_CASES[account.platform]
        business = [{"type": use_case, **usage, "estimated_time_to_regain_access": 0}]
        return {
            "X-App-Usage": json.dumps(usage),
            "X-Business-Use-Case-Usage": json.dumps({account.ids[id_name]: business}),
        }


def graph_of(world: World) -> Graph:
    """Return the one Graph of a world, which Instagram and Facebook share."""
    return world.shared(Graph, lambda: Graph(world))


def listing(
    call: Call, rows: Sequence[Mapping[str, object]], *, default: tuple[str, ...], of: str
) -> dict[str, object]:
    """
    Answer one page of a listing: `limit` rows after the cursor `after`.

    `paging.next` is there only while there is more; the cursor `after` is there always.
    """
    limit = max(1, min(call.whole("limit", PAGE_SIZE), LARGEST_PAGE_SIZE))
    ids = [str(row["id"]) for row in rows]
    after = call.text("after")
    start = ids.index(after) + 1 if after in ids else 0
    shown = rows[start : start + limit]
    if not shown:
        return {"data": []}
    asked = wanted(call.text("fields")) or {name: {} for name in default}
    cursors = {"before": ids[start], "after": ids[start + len(shown) - 1]}
    paging: dict[str, object] = {"cursors": cursors}
    if start + limit < len(rows):
        paging["next"] = _next_address(call, cursors["after"])
    return {"data": [pick(row, asked, of=of) for row in shown], "paging": paging}


def _next_address(call: Call, after: str) -> str:
    host, _, path = call.request.url.path.lstrip("/").partition("/")
    params = {**call.params, "after": after}
    if not authorization(call.request):
        params["access_token"] = call.token.value
    return call.world.address(host, f"/{path}?{urlencode(params)}")


def _own_id(call: Call) -> str:
    """What "me" is: the Page with a Page's token, else the person."""
    return call.account.ids["page_id" if call.token.kind == "page" else "user_id"]


def _is_version(text: str) -> bool:
    """True for a version that exists or existed: an ended one is served by its successors."""
    found = re.fullmatch(r"v(\d{1,3})\.\d", text)
    return found is not None and 1 <= int(found[1]) <= NEWEST_VERSION


def _unknown_edge(call: Call, node: Node, name: str) -> Refusal:
    if call.request.method == "GET":
        return graph_error(
            f"(#100) Tried accessing nonexisting field ({name}) on node type ({node.kind})", 100
        )
    return missing_object(call.request.method, call.request.path_params["node"])
