"""Which platform a call is for, from its host, its token and its path."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.types import Scope

from pellacia_service.sandbox.world import World

DOMAINS: Mapping[str, str] = {
    "google.com": "youtube",
    "googleapis.com": "youtube",
    "youtube.com": "youtube",
    "instagram.com": "instagram",
    "facebook.com": "facebook",
    "tiktok.com": "tiktok",
    "tiktokapis.com": "tiktok",
    "linkedin.com": "linkedin",
    "licdn.com": "linkedin",
    "x.com": "x",
    "twitter.com": "x",
}

SHARED_DOMAIN = "facebook.com"
"""Facebook and Instagram live on the same Graph hosts; who owns the token or the id decides."""

INSTAGRAM_UPLOADS = "/ig-api-upload/"


def split_host(path: str) -> tuple[str, str]:
    """Read the sandbox's path as (real host, real path)."""
    host, slash, rest = path.lstrip("/").partition("/")
    return host, slash + rest


def token_of(scope: Scope) -> str:
    """Return the access token of the Authorization header or the query; "" where there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value, "latin-1").rpartition(" ")[2]
    query = parse_qs(str(scope["query_string"], "latin-1"))
    return query.get("access_token", [""])[0]


def platform_of(world: World, scope: Scope) -> str:
    """Return the platform's name; "" for a host of none of the six."""
    host, path = split_host(scope["path"])
    domain = ".".join(host.split(".")[-2:])
    platform = DOMAINS.get(domain, "")
    if domain == SHARED_DOMAIN and _is_for_instagram(world, path, token_of(scope)):
        return "instagram"
    return platform


def _is_for_instagram(world: World, path: str, token: str) -> bool:
    if path.startswith(INSTAGRAM_UPLOADS):
        return True
    if token in world.tokens:
        return world.tokens[token].account.platform == "instagram"
    segments = set(path.split("/"))
    return any(
        segments & set(account.ids.values())
        for account in world.accounts
        if account.platform == "instagram"
    )
