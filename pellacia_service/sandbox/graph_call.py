"""
One call to the Graph API: where its token and parameters may stand, and how Graph says no.

Sources: Graph API "Handling errors" and "Field expansion", content publishing guide, Video API
"Publishing Reels"; read 2026-11-22.
"""

import datetime as dt
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request

from pellacia_service.sandbox.world import Refusal, SandboxAccount, Token, World

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
SCHEMES = frozenset({"bearer", "oauth"})
META_PLATFORMS = frozenset({"facebook", "instagram"})

Wanted: TypeAlias = "dict[str, Wanted]"
"""Field names as asked for, each with what is asked for inside of it."""


@dataclass(frozen=True)
class Call:
    """
    One call that carries a living token.

    Args:
        params: query, form and JSON body in one, as text; lists and objects stay JSON.
        files: the file parts of a multipart body.
    """

    world: World
    request: Request
    version: str
    params: Mapping[str, str]
    files: Mapping[str, UploadFile]
    token: Token

    @property
    def account(self) -> SandboxAccount:
        """Whose token it is."""
        return self.token.account

    @property
    def now(self) -> dt.datetime:
        """The sandbox's instant."""
        return self.world.clock.now()

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter; `default` where it was not sent."""
        return self.params.get(name, default)

    def required(self, name: str) -> str:
        """Return a parameter that may not be missing (100)."""
        value = self.text(name)
        if not value:
            raise graph_error(f"(#100) The parameter {name} is required", 100)
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number from 0; without a `default` the parameter may not be missing (100)."""
        if default is not None and not self.text(name):
            return default
        value = self.required(name)
        if not (value.isascii() and value.isdigit()):
            raise graph_error(f"(#100) Param {name} must be an integer", 100)
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no: true and 1 mean yes, in any case of letters."""
        value = self.text(name)
        return value.lower() in {"true", "1"} if value else default

    def moment(self, name: str) -> dt.datetime | None:
        """Return an instant sent in Unix seconds; None where it was not sent."""
        if not self.text(name):
            return None
        try:
            return dt.datetime.fromtimestamp(self.whole(name), dt.UTC)
        except (ValueError, OverflowError) as error:
            raise graph_error(f"(#100) Param {name} must be a valid timestamp", 100) from error

    def pick(
        self, values: Mapping[str, object], *, default: tuple[str, ...], of: str
    ) -> dict[str, object]:
        """Return the fields that this call asks for, `default` where it names none."""
        asked = wanted(self.text("fields")) or {name: {} for name in default}
        return pick(values, asked, of=of)


def graph_error(
    message: str,
    code: int,
    subcode: int = 0,
    *,
    kind: str = "OAuthException",
    data: Mapping[str, str] | None = None,
    for_people: str = "",
) -> Refusal:
    """
    Make an answer in Graph's error envelope, HTTP 400.

    Args:
        data: what `error_data` holds; left out where there is none.
        for_people: `error_user_msg`; left out where it is empty.
    """
    error: dict[str, object] = {"message": message, "type": kind, "code": code}
    if subcode:
        error |= {"error_subcode": subcode, "is_transient": False}
    if data is not None:
        error["error_data"] = dict(data)
    if for_people:
        error |= {"error_user_title": message, "error_user_msg": for_people}
    error["fbtrace_id"] = f"A{secrets.token_urlsafe(16)}"
    return Refusal(400, {"error": error})


def missing_object(method: str, node: str) -> Refusal:
    """Refuse an object that does not exist or that the token cannot see: Graph tells no difference."""
    return graph_error(
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation",
        100,
        33,
        kind="GraphMethodException",
    )


async def read_call(world: World, request: Request, version: str) -> Call:
    """
    Read a request.

    Raises:
        Refusal: 104 without a token, 190 with one that is no longer good or never was.
    """
    params, files = await _read_params(request)
    token = _living_token(world, authorization(request) or params.pop("access_token", ""))
    return Call(world, request, version, params, files, token)


def authorization(request: Request, schemes: frozenset[str] = SCHEMES) -> str:
    """Return the token of the Authorization header; "" where there is none of these schemes."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() in schemes else ""


def wanted(text: str) -> Wanted:
    """Read `id,instagram_business_account{id,username}`."""
    found: Wanted = {}
    for part in _split(text):
        head, brace, inside = part.partition("{")
        found[head.partition(".")[0].strip()] = wanted(inside.rpartition("}")[0]) if brace else {}
    return found


def pick(values: Mapping[str, object], asked: Wanted, *, of: str) -> dict[str, object]:
    """
    Return the fields asked for, and the id, which always comes.

    A field whose value is None is known and absent: it is left out, as Graph does.
    """
    chosen: dict[str, object] = {}
    for name, inside in asked.items():
        if name not in values:
            raise graph_error(
                f"(#100) Tried accessing nonexisting field ({name}) on node type ({of})", 100
            )
        value = values[name]
        if isinstance(value, Mapping) and (inside or "id" in value):
            # An object of which no fields are named shows its id alone.
            chosen[name] = pick(value, inside, of=name)
        elif value is not None:
            chosen[name] = value
    return chosen | ({"id": values["id"]} if "id" in values else {})


def timestamp(moment: dt.datetime) -> str:
    """Write an instant as Graph does: 2026-11-22T16:00:00+0000."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


async def _read_params(request: Request) -> tuple[dict[str, str], dict[str, UploadFile]]:
    params = dict(request.query_params)
    files: dict[str, UploadFile] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            params |= dict(_json_params(await request.body()))
        elif kind in FORMS:
            for name, value in (await request.form()).multi_items():
                if isinstance(value, UploadFile):
                    files[name] = value
                else:
                    params[name] = value
    except ClientDisconnect as error:
        # Nobody hears this answer. What arrived of a broken form counts for nothing.
        raise graph_error("The upload was interrupted", 6000, 1363033) from error
    return params, files


def _json_params(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as error:
        raise graph_error("(#100) The request body is not valid JSON", 100) from error
    if not isinstance(parsed, dict):
        raise graph_error("(#100) The request body must be a JSON object", 100)
    for name, value in parsed.items():
        if value is not None:
            yield name, value if isinstance(value, str) else json.dumps(value)


def _living_token(world: World, value: str) -> Token:
    if not value:
        raise graph_error("An access token is required to request this resource.", 104)
    token = world.tokens.get(value)
    if token is None or token.account.platform not in META_PLATFORMS:
        raise graph_error("Invalid OAuth access token - Cannot parse access token", 190)
    if token.revoked:
        raise graph_error(
            "Error validating access token: The session has been invalidated because the user "
            "changed their password or Facebook has changed the session for security reasons.",
            190,
            460,
        )
    if token.expires_at <= world.clock.now():
        raise graph_error(
            "Error validating access token: Session has expired on "
            f"{timestamp(token.expires_at)}. The current time is {timestamp(world.clock.now())}.",
            190,
            463,
        )
    return token


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "{(") - (char in "})")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part.strip()]
