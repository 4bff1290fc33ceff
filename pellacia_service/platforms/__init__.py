"""The six platforms, one file each."""

from collections.abc import Mapping

from pellacia_service.platform_kit.protocol import Platform
from pellacia_service.platforms.facebook import Facebook
from pellacia_service.platforms.instagram import Instagram
from pellacia_service.platforms.linkedin import LinkedIn
from pellacia_service.platforms.tiktok import TikTok
from pellacia_service.platforms.x import X
from pellacia_service.platforms.youtube import YouTube

PLATFORMS: Mapping[str, Platform] = {
    "youtube": YouTube(),
    "instagram": Instagram(),
    "tiktok": TikTok(),
    "x": X(),
    "linkedin": LinkedIn(),
    "facebook": Facebook(),
}
