"""YouTube's error bodies (error pages and API reference, read 2026-11-22)."""

from pellacia_service.sandbox.world import Refusal

STATUS_WORDS = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}
"""Google's own status words; they stand in errors of the domain "global" only."""


def refusal(
    status: int,
    reason: str,
    message: str,
    *,
    domain: str = "global",
    location: str = "",
    location_type: str = "other",
) -> Refusal:
    """Build a refusal in Google's shape."""
    detail = {"message": message, "domain": domain, "reason": reason}
    if location:
        detail |= {"location": location, "locationType": location_type}
    error: dict[str, object] = {"code": status, "message": message, "errors": [detail]}
    if domain == "global" and status in STATUS_WORDS:
        error["status"] = STATUS_WORDS[status]
    return Refusal(status, {"error": error})


def not_signed_in() -> Refusal:
    """401: no token, an unknown or a dead one."""
    return refusal(
        401,
        "authError",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
        location="Authorization",
        location_type="header",
    )


def scope_missing() -> Refusal:
    """403: the token is good, but not for this."""
    return refusal(
        403, "insufficientPermissions", "Request had insufficient authentication scopes."
    )


def uploads_used_up() -> Refusal:
    """429: the day's hundred uploads are used up. Only the words "per day" tell it from haste."""
    return refusal(
        429,
        "rateLimitExceeded",
        "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of "
        "service 'youtube.googleapis.com' for consumer 'project_number:123'.",
    )


def units_used_up() -> Refusal:
    """403: the day's ten thousand units are used up."""
    return refusal(
        403,
        "quotaExceeded",
        "The request cannot be completed because you have exceeded your "
        '<a href="/youtube/v3/getting-started#quota">quota</a>.',
        domain="youtube.quota",
    )


def missing_parameter(name: str) -> Refusal:
    """400: a required parameter was left out."""
    return refusal(
        400,
        "missingRequiredParameter",
        f"Missing required parameter: {name}.",
        domain="youtube.parameter",
        location=name,
        location_type="parameter",
    )


def invalid_metadata(reason: str, words: str, field: str) -> Refusal:
    """400: a field of the video cannot be as it is."""
    return refusal(
        400,
        reason,
        f"The request metadata specifies an invalid {words}.",
        domain="youtube.video",
        location=f"body.{field}",
    )


def video_not_found() -> Refusal:
    """404: no such video."""
    return refusal(
        404,
        "videoNotFound",
        "The video that you are trying to reach cannot be found. Check the value of the request's "
        "id parameter to ensure that it is correct.",
        domain="youtube.video",
        location="id",
        location_type="parameter",
    )


def not_yours(domain: str = "youtube.common") -> Refusal:
    """403: the video belongs to another channel."""
    return refusal(
        403,
        "forbidden",
        "Access forbidden. The request may not be properly authorized.",
        domain=domain,
    )
