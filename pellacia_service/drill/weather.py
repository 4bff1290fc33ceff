"""How the sandbox is asked for each kind of weather."""

from collections.abc import Mapping

from pellacia_service.domain.json import Json
from pellacia_service.drill.plans import Weather

PUBLISH_CALLS: Mapping[str, Mapping[str, Json]] = {
    "youtube": {"method": "PUT", "path": r"www\.googleapis\.com/youtube/v3/videos$"},
    "instagram": {"method": "POST", "path": r"/media_publish$"},
    "tiktok": {"method": "PUT", "path": r"open-upload\.tiktokapis\.com"},
    "x": {"method": "POST", "path": r"api\.x\.com/2/tweets$"},
    "linkedin": {"method": "POST", "path": r"api\.linkedin\.com/rest/posts$"},
    # The same path opens the upload: its second call is the one that publishes.
    "facebook": {"method": "POST", "path": r"/video_reels$", "skip": 1},
}
"""The one call of each platform that cannot be taken back, as a fault of the sandbox names it."""

PROCESSING_CALLS: Mapping[str, Mapping[str, Json]] = {
    "instagram": {"method": "POST", "path": r"rupload\.facebook\.com"},
    "tiktok": PUBLISH_CALLS["tiktok"],
    "x": {"method": "POST", "path": r"/finalize$"},
}
"""The call that hands the video over to be processed."""

RENEWALS: Mapping[str, Json] = {
    "method": "POST",
    "path": r"oauth2\.googleapis\.com/token$",
    # A renewal that gets no answer is tried once more.
    "times": 2,
}

REFUSALS: Mapping[str, str] = {
    "instagram": "2207026",
    "tiktok": "frame_rate_check_failed",
    "x": "InvalidMedia",
}
"""Why a platform finds then that it cannot use the video."""


def fault_of(platform: str, weather: Weather) -> Mapping[str, Json] | None:
    """Return the fault to order for the next delivery on a platform; None where none is needed."""
    match weather:
        case Weather.LOST:
            return {"platform": platform, **PUBLISH_CALLS[platform], "do": {"lost_answer": True}}
        case Weather.REFUSED:
            unusable: Json = {"processing_fails": REFUSALS[platform]}
            return {"platform": platform, **PROCESSING_CALLS[platform], "do": unusable}
        case Weather.BUSY:
            wait: Json = {"status": 429, "headers": {"Retry-After": "5"}, "body": {}}
            return {"platform": platform, "do": wait}
        case Weather.NO_RENEWAL:
            away: Json = {"status": 503, "headers": {}, "body": {}}
            return {"platform": platform, **RENEWALS, "do": away}
    return None
