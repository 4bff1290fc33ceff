"""How YouTube shows what it has: video, channel and playlist item resources, part by part."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from pellacia_service.sandbox.world import SandboxAccount
from pellacia_service.sandbox.youtube_channel import Video, YouTube

REJECTIONS = frozenset(
    {
        "claim",
        "copyright",
        "duplicate",
        "inappropriate",
        "legal",
        "length",
        "termsOfUse",
        "trademark",
        "uploaderAccountClosed",
        "uploaderAccountSuspended",
    }
)
"""Reasons for which a video is rejected; with any other it failed (videos resource, read 2026-11-22)."""

THUMBNAILS = {"default": (120, 90), "medium": (320, 180), "high": (480, 360)}

OWNER_PARTS = frozenset({"fileDetails", "processingDetails"})

Part = dict[str, object]


def video_resource(youtube: YouTube, video: Video, asked: Iterable[str]) -> Part:
    """Return a video as its owner sees it, with the parts asked for."""
    resource: Part = {"kind": "youtube#video", "etag": f'"{video.etag}"', "id": video.post.id}
    for part in asked:
        if part in VIDEO_PARTS:
            resource[part] = VIDEO_PARTS[part](youtube, video)
    return resource


def list_response(kind: str, items: list[Part], etag: str) -> Part:
    """Return items in the envelope of a list."""
    return {
        "kind": f"youtube#{kind}ListResponse",
        "etag": f'"{etag}"',
        "items": items,
        "pageInfo": {"totalResults": len(items), "resultsPerPage": len(items)},
    }


def thumbnails(video: Video) -> Part:
    """Return the addresses of a video's pictures."""
    return {
        name: {
            "url": f"https://i.ytimg.com/vi/{video.post.id}/{name}.jpg",
            "width": width,
            "height": height,
        }
        for name, (width, height) in THUMBNAILS.items()
    }


def channel_resource(youtube: YouTube, account: SandboxAccount, asked: Iterable[str]) -> Part:
    """Return a channel as its owner sees it, with the parts asked for."""
    count = sum(video.post.account is account for video in youtube.videos.values())
    known: Mapping[str, Part] = {
        "snippet": {
            "title": account.name,
            "description": "",
            "customUrl": account.ids["handle"],
            "publishedAt": "2020-01-01T00:00:00Z",
        },
        "contentDetails": {
            "relatedPlaylists": {"likes": "", "uploads": account.ids["uploads_playlist"]}
        },
        "status": {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": "allowed",
            "madeForKids": False,
        },
        "statistics": {
            "viewCount": "0",
            "subscriberCount": "0",
            "hiddenSubscriberCount": False,
            "videoCount": str(count),
        },
    }
    resource: Part = {
        "kind": "youtube#channel",
        "etag": f'"{youtube.world.word(27)}"',
        "id": account.ids["channel_id"],
    }
    return resource | {part: known[part] for part in asked if part in known}


def playlist_item(youtube: YouTube, video: Video, place: int, asked: Iterable[str]) -> Part:
    """Return a video's entry in its channel's list of uploads."""
    account, playlist = video.post.account, video.post.account.ids["uploads_playlist"]
    known: Mapping[str, Part] = {
        "snippet": {
            "publishedAt": instant(video.post.created_at),
            "channelId": account.ids["channel_id"],
            "title": video.metadata.snippet.title,
            "description": video.metadata.snippet.description,
            "thumbnails": thumbnails(video),
            "channelTitle": account.name,
            "playlistId": playlist,
            "position": place,
            "resourceId": {"kind": "youtube#video", "videoId": video.post.id},
        },
        "contentDetails": {
            "videoId": video.post.id,
            "videoPublishedAt": instant(video.post.created_at),
        },
        "status": {"privacyStatus": _privacy_status(youtube, video)},
    }
    resource: Part = {
        "kind": "youtube#playlistItem",
        "etag": f'"{video.etag}"',
        "id": f"{playlist}.{video.post.id}",
    }
    return resource | {part: known[part] for part in asked if part in known}


def instant(moment: dt.datetime) -> str:
    """Write a moment as YouTube does: UTC, whole seconds, Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_busy(youtube: YouTube, video: Video) -> bool:
    return video.processing.until > youtube.world.clock.now()


def _privacy_status(youtube: YouTube, video: Video) -> str:
    privacy = youtube.privacy(video)
    return "private" if privacy == "scheduled" else privacy


def _snippet(youtube: YouTube, video: Video) -> Part:
    written, account = video.metadata.snippet, video.post.account
    snippet: Part = {
        "publishedAt": instant(video.post.created_at),
        "channelId": account.ids["channel_id"],
        "title": written.title,
        "description": written.description,
        "thumbnails": thumbnails(video),
        "channelTitle": account.name,
        "categoryId": written.category_id,
        "liveBroadcastContent": "none",
        "localized": {"title": written.title, "description": written.description},
    }
    if written.tags:
        snippet["tags"] = list(written.tags)
    if written.default_language:
        snippet["defaultLanguage"] = written.default_language
    return snippet


def _status(youtube: YouTube, video: Video) -> Part:
    written = video.metadata.status
    status: Part = {
        **_upload_status(youtube, video),
        "privacyStatus": _privacy_status(youtube, video),
        "license": written.license,
        "madeForKids": written.flags.get("selfDeclaredMadeForKids", False),
        **written.flags,
    }
    if written.publish_at and youtube.privacy(video) == "scheduled":
        status["publishAt"] = instant(written.publish_at)
    return status


def _upload_status(youtube: YouTube, video: Video) -> Part:
    if _is_busy(youtube, video):
        return {"uploadStatus": "uploaded"}
    failure = video.processing.failure
    if not failure:
        return {"uploadStatus": "processed"}
    if failure in REJECTIONS:
        return {"uploadStatus": "rejected", "rejectionReason": failure}
    return {"uploadStatus": "failed", "failureReason": failure}


def _processing_details(youtube: YouTube, video: Video) -> Part:
    if _is_busy(youtube, video):
        left = video.processing.until - youtube.world.clock.now()
        progress = {
            "partsTotal": "100",
            "partsProcessed": "0",
            "timeLeftMs": str(int(left.total_seconds() * 1000)),
        }
        return {"processingStatus": "processing", "processingProgress": progress}
    if video.processing.failure:
        return {"processingStatus": "failed", "processingFailureReason": "transcodeFailed"}
    return {
        "processingStatus": "succeeded",
        "thumbnailsAvailability": "available",
        "fileDetailsAvailability": "available",
    }


def _content_details(youtube: YouTube, video: Video) -> Part:
    return {
        # The bytes are not kept, so nobody knows; the real service says the same while it is busy.
        "duration": "P0D",
        "dimension": "2d",
        "definition": "sd" if _is_busy(youtube, video) else "hd",
        "caption": "false",
        "licensedContent": False,
        "projection": "rectangular",
        "hasCustomThumbnail": video.has_thumbnail,
    }


def _file_details(youtube: YouTube, video: Video) -> Part:
    return {"fileSize": str(video.post.bytes), "fileType": "video"}


def _statistics(youtube: YouTube, video: Video) -> Part:
    return {"viewCount": "0", "likeCount": "0", "favoriteCount": "0", "commentCount": "0"}


VIDEO_PARTS: Mapping[str, Callable[[YouTube, Video], Part]] = {
    "snippet": _snippet,
    "status": _status,
    "contentDetails": _content_details,
    "processingDetails": _processing_details,
    "fileDetails": _file_details,
    "statistics": _statistics,
}

PARTS = frozenset(
    {
        "id",
        "liveStreamingDetails",
        "localizations",
        "paidProductPlacementDetails",
        "player",
        "recordingDetails",
        "suggestions",
        "topicDetails",
        *VIDEO_PARTS,
    }
)
"""The parts of a video that may be named; those that the sandbox has nothing to say about stay out."""
