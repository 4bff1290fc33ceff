"""The one call of each platform that cannot be taken back: (method, host and path)."""

PUBLISH_CALLS = {
    "youtube": ("PUT", r"www\.googleapis\.com/youtube/v3/videos$"),
    "instagram": ("POST", r"/media_publish$"),
    "tiktok": ("PUT", r"open-upload\.tiktokapis\.com"),
    "x": ("POST", r"api\.x\.com/2/tweets$"),
    "linkedin": ("POST", r"api\.linkedin\.com/rest/posts$"),
    "facebook": ("POST", r"/video_reels$"),
}
