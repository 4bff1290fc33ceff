"""
Which permissions are asked for at sign-in, what each is for, and what fails without it: one table.

The least that the chosen features need. Sources, all read 2026-11-22: YouTube Data and Analytics API
method pages, Pages and Instagram content publishing guides, TikTok's scope overview, X's OAuth 2.0
scopes per endpoint, LinkedIn's product pages (Share on LinkedIn, Community Management).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pellacia_service.domain.account import Feature
from pellacia_service.errors import BadInputError


@dataclass(frozen=True)
class Scope:
    """
    One permission.

    Args:
        without: what does not work for a person who declines it, as half a sentence.
        needed: True where nothing is left without it, so that the sign-in is refused.
    """

    name: str
    without: str
    feature: Feature = Feature.PUBLISH
    needed: bool = True


def _figures(*names: str) -> tuple[Scope, ...]:
    return tuple(_optional(name, "its figures cannot be fetched") for name in names)


def _optional(name: str, without: str, feature: Feature = Feature.STATISTICS) -> Scope:
    return Scope(name, without, feature, needed=False)


_NOTHING = "no video can be published"

_PAGES = (
    Scope("pages_show_list", "your Pages cannot be found"),
    Scope("pages_read_engagement", "what became of a video cannot be read"),
    _optional(
        "business_management", "Pages of a business portfolio cannot be found", Feature.PUBLISH
    ),
)

GOOGLE = "https://www.googleapis.com/auth"

SCOPES: Mapping[str, tuple[Scope, ...]] = {
    "youtube": (
        # youtube.upload alone can neither see how processing goes nor call videos.update.
        Scope(f"{GOOGLE}/youtube", _NOTHING),
        *_figures(f"{GOOGLE}/yt-analytics.readonly"),
    ),
    "instagram": (
        *_PAGES,
        Scope("instagram_basic", "your Instagram account cannot be found"),
        Scope("instagram_content_publish", _NOTHING),
        *_figures("instagram_manage_insights"),
    ),
    "tiktok": (
        Scope("user.info.basic", "it cannot be told whose account it is"),
        Scope("user.info.profile", "posts cannot be linked to, which takes your user name"),
        Scope("video.publish", _NOTHING),
        *_figures("video.list"),
    ),
    "x": (
        # POST /2/tweets wants the first three.
        Scope("tweet.read", _NOTHING),
        Scope("tweet.write", _NOTHING),
        Scope("users.read", _NOTHING),
        Scope("media.write", "no video can be uploaded"),
        Scope("offline.access", "the sign-in would end after two hours"),
    ),
    "linkedin": (
        Scope("openid", "it cannot be told whose account it is"),
        Scope("profile", "it cannot be told whose account it is"),
        Scope("w_member_social", _NOTHING),
        _optional("r_organization_admin", "your pages cannot be found", Feature.PAGES),
        _optional("w_organization_social", "no video can be published on a page", Feature.PAGES),
        _optional("r_organization_social", "posts of a page cannot be read back", Feature.PAGES),
        *_figures("r_member_postAnalytics", "r_member_profileAnalytics"),
    ),
    "facebook": (
        *_PAGES,
        Scope("pages_manage_posts", _NOTHING),
        *_figures("pages_manage_engagement", "read_insights"),
    ),
}

UNUSUAL: Mapping[str, frozenset[Feature]] = {
    # Only apps of the product Community Management may ask; for others LinkedIn refuses it all.
    "linkedin": frozenset({Feature.STATISTICS, Feature.PAGES}),
}
"""Features that a sign-in does not ask for unless they are named."""


def scopes_for(platform: str, features: Collection[str] = ()) -> tuple[Scope, ...]:
    """
    Return the scopes to ask for.

    Args:
        features: names of what the person wants; publishing always is. Empty: what is usual.

    Raises:
        BadInputError: there is no such feature on this platform; the message names those there are.
    """
    offered = {scope.feature for scope in SCOPES[platform]}
    if not features:
        wanted = offered - UNUSUAL.get(platform, frozenset())
    else:
        unknown = sorted({word for word in features if word not in {*offered, Feature.PUBLISH}})
        if unknown:
            raise BadInputError(
                f"There is nothing called {', '.join(map(repr, unknown))} to allow on {platform}. "
                f"Choose from: {', '.join(sorted(offered))}."
            )
        wanted = {Feature(word) for word in features} | {Feature.PUBLISH}
    return tuple(scope for scope in SCOPES[platform] if scope.feature in wanted)
