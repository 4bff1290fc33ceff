"""
What can be set for one platform only (`--set tiktok.disable_duet=true`), as one table.

An option that is not listed is refused: a misspelt `privacy` must not publish to everybody.
"""

import difflib
from collections.abc import Iterator, Mapping

from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem

SHARED = ("title", "description", "hashtags", "privacy")
"""Fields of the post itself, which may differ from platform to platform."""

OPTIONS: Mapping[str, Mapping[str, str]] = {
    "youtube": {
        "category_id": "YouTube's number of the category; 22 (People & Blogs) unless given",
        "made_for_kids": "true: the video is made for children",
        "synthetic_media": "true: it shows realistic scenes that were altered or generated",
    },
    "instagram": {
        "share_to_feed": "false: only in the Reels tab",
        "thumb_offset": "milliseconds into the video where the cover is taken",
    },
    "tiktok": {
        "disable_comment": "true: nobody may comment",
        "disable_duet": "true: no duets",
        "disable_stitch": "true: no stitches",
        "brand_content_toggle": "true: a paid partnership",
        "brand_organic_toggle": "true: it promotes the creator's own business",
        "is_aigc": "true: made with AI",
        "video_cover_timestamp_ms": "milliseconds into the video where the cover is taken",
    },
    "x": {
        "with_description": "true: the description stands below the title",
        "premium": "true: the account may write 25,000 characters",
        "reply_settings": "who may reply: following, mentionedUsers, subscribers, verified",
        "made_with_ai": "true: made with AI",
        "paid_partnership": "true: a paid partnership",
    },
    "linkedin": {"author": "person: post as the member, even where a page is connected"},
    "facebook": {},
}
"""Platform to option to what it means."""


def option_problems(content: Content, platform: str) -> Iterator[Problem]:
    """Yield a problem for each option that the platform does not have."""
    known = OPTIONS[platform]
    for name in content.options:
        if name in known:
            continue
        near = difflib.get_close_matches(name, [*SHARED, *known], n=1)
        yield Problem(
            field=name,
            rule="unknown_option",
            limit=", ".join([*SHARED, *known]),
            actual=name,
            message=f"There is no option {platform}.{name}.",
            fix=f"Did you mean {platform}.{near[0]}?" if near else "Take it out.",
        )
