"""
The accounts of the sandbox: which ids, scopes and token lifetimes each platform gives.

Sources, all read 2026-11-22: Google's OAuth guide for installed apps, Meta's long-lived token
guide, TikTok's user access token management, LinkedIn's authorization code flow, X's OAuth 2.0
authorization code flow with PKCE.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pellacia_service.sandbox.world import RefreshToken, SandboxAccount, Token, World

DAY = 86_400
META_USER_SECONDS = 5_183_944
FOREVER_SECONDS = 100 * 365 * DAY
"""A Page token does not expire; this is as good as never."""

META_SCOPES = frozenset(
    {
        "business_management",
        "pages_manage_engagement",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_show_list",
        "read_insights",
    }
)

Ids = Callable[[World, str], dict[str, str]]


@dataclass(frozen=True)
class AccountKind:
    """
    What an account of one platform is made of.

    Args:
        ids: makes the ids of a new account from its user name.
        title: how the account is called, with `{label}` in it.
        access_seconds: life of an access token.
        refresh_seconds: life of a refresh token; 0 where the platform gives none.
        has_page: True where calls are made with the token of a Page.
    """

    ids: Ids
    scopes: frozenset[str]
    title: str
    access_seconds: float
    access_prefix: str
    refresh_seconds: float = 0
    refresh_prefix: str = ""
    has_page: bool = False


@dataclass(frozen=True)
class OpenedAccount:
    """An account with a fresh token of full scope."""

    account: SandboxAccount
    access_token: str
    refresh_token: str | None


def find_or_make_account(world: World, platform: str, label: str) -> SandboxAccount:
    """Return the account of this label, made with new ids where there is none."""
    for account in world.accounts:
        if account.platform == platform and account.label == label:
            return account
    kind = ACCOUNT_KINDS[platform]
    username = f"sandbox_{re.sub(r'[^a-z0-9]+', '_', label.lower())}"
    ids = {"username": username, **kind.ids(world, username)}
    account = SandboxAccount(platform, label, kind.title.format(label=label), ids)
    world.accounts.append(account)
    if kind.has_page:
        issue_page_token(world, account)
    return account


def open_account(world: World, platform: str, label: str) -> OpenedAccount:
    """Return the account of this label with new tokens; ids stay, the Page token is new."""
    account = find_or_make_account(world, platform, label)
    scopes = ACCOUNT_KINDS[platform].scopes
    if ACCOUNT_KINDS[platform].has_page:
        issue_page_token(world, account)
    refresh = issue_refresh_token(world, account, scopes)
    access = issue_access_token(world, account, scopes)
    return OpenedAccount(account, access.value, refresh.value if refresh else None)


def issue_access_token(world: World, account: SandboxAccount, scopes: frozenset[str]) -> Token:
    """Make a user token with the platform's own lifetime."""
    kind = ACCOUNT_KINDS[account.platform]
    return world.issue_token(
        account, scopes=scopes, seconds=kind.access_seconds, prefix=kind.access_prefix
    )


def issue_refresh_token(
    world: World, account: SandboxAccount, scopes: frozenset[str]
) -> RefreshToken | None:
    """Make a refresh token; None where the platform gives none."""
    kind = ACCOUNT_KINDS[account.platform]
    if not kind.refresh_seconds:
        return None
    return world.issue_refresh_token(
        account, scopes=scopes, seconds=kind.refresh_seconds, prefix=kind.refresh_prefix
    )


def issue_page_token(world: World, account: SandboxAccount) -> Token:
    """Make a token of the account's Page and write it into the account's ids."""
    kind = ACCOUNT_KINDS[account.platform]
    token = world.issue_token(
        account, scopes=kind.scopes, seconds=FOREVER_SECONDS, prefix=kind.access_prefix, kind="page"
    )
    account.ids["page_access_token"] = token.value
    return token


def _youtube_ids(world: World, username: str) -> dict[str, str]:
    rest = world.word(22)
    return {"channel_id": f"UC{rest}", "uploads_playlist": f"UU{rest}", "handle": f"@{username}"}


def _page_ids(world: World, username: str) -> dict[str, str]:
    return {"user_id": world.number(17), "app_id": world.number(16), "page_id": world.number(15)}


def _instagram_ids(world: World, username: str) -> dict[str, str]:
    return {**_page_ids(world, username), "ig_user_id": f"17841{world.number(12)}"}


def _tiktok_ids(world: World, username: str) -> dict[str, str]:
    open_id = f"_000{world.word(32)}"
    return {"open_id": open_id, "union_id": world.word(36), "user_id": open_id}


def _linkedin_ids(world: World, username: str) -> dict[str, str]:
    person = world.word(10)
    return {
        "user_id": person,
        "person_urn": f"urn:li:person:{person}",
        "organization_urn": f"urn:li:organization:{world.number(8)}",
    }


def _x_ids(world: World, username: str) -> dict[str, str]:
    return {"user_id": world.number(19)}


ACCOUNT_KINDS: Mapping[str, AccountKind] = {
    "youtube": AccountKind(
        ids=_youtube_ids,
        scopes=frozenset(
            f"https://www.googleapis.com/auth/{name}"
            for name in (
                "youtube",
                "youtube.force-ssl",
                "youtube.readonly",
                "youtube.upload",
                "yt-analytics.readonly",
            )
        ),
        title="Sandbox {label}",
        access_seconds=3599,
        access_prefix="ya29.a0",
        # Google names no end; a refresh token dies when it is not used for six months.
        refresh_seconds=180 * DAY,
        refresh_prefix="1//0",
    ),
    "instagram": AccountKind(
        ids=_instagram_ids,
        scopes=META_SCOPES
        | {"instagram_basic", "instagram_content_publish", "instagram_manage_insights"},
        title="sandbox_{label}",
        access_seconds=META_USER_SECONDS,
        access_prefix="EAAB",
        has_page=True,
    ),
    "tiktok": AccountKind(
        ids=_tiktok_ids,
        scopes=frozenset(
            {
                "user.info.basic",
                "user.info.profile",
                "user.info.stats",
                "video.list",
                "video.publish",
                "video.upload",
            }
        ),
        title="sandbox_{label}",
        access_seconds=7200,
        access_prefix="act.",
        refresh_seconds=180 * DAY,
        refresh_prefix="rft.",
    ),
    "x": AccountKind(
        ids=_x_ids,
        scopes=frozenset(
            {"media.write", "offline.access", "tweet.read", "tweet.write", "users.read"}
        ),
        title="sandbox_{label}",
        access_seconds=7200,
        access_prefix="",
        refresh_seconds=180 * DAY,
    ),
    "linkedin": AccountKind(
        ids=_linkedin_ids,
        scopes=frozenset(
            {
                "email",
                "openid",
                "profile",
                "r_basicprofile",
                "r_member_postAnalytics",
                "r_member_profileAnalytics",
                "r_organization_admin",
                "r_organization_social",
                "rw_organization_admin",
                "w_member_social",
                "w_organization_social",
            }
        ),
        title="Sandbox {label}",
        # A self-serve app gets no refresh token: its user comes back after sixty days.
        access_seconds=60 * DAY,
        access_prefix="AQ",
    ),
    "facebook": AccountKind(
        ids=_page_ids,
        scopes=META_SCOPES,
        title="Sandbox {label}",
        access_seconds=META_USER_SECONDS,
        access_prefix="EAAB",
        has_page=True,
    ),
}

PLATFORMS = tuple(ACCOUNT_KINDS)
