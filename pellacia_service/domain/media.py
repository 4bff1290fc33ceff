"""A video file as its own headers describe it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Media:
    """
    What is known of one file before a byte of it is sent.

    Args:
        size: bytes.
        modified_ns: the file's modification time, nanoseconds since 1970; with size and inode it
            tells a file that changed.
        container: "mp4", "mov", "webm" … as the file's own bytes say, not its name.
        video_codec, audio_codec: FFmpeg's names: "h264", "hevc", "aac" …; audio "" where there is none.
        duration: seconds.
        width, height: pixels as shown, after rotation.
        rotation: degrees clockwise that a player turns the stored picture: 0, 90, 180 or 270.
        frame_rate: frames per second.
        bit_rate: bits per second of the whole file.
        faststart: True where the index (moov) stands before the pictures (mdat).
        sha256: lower-case hex; empty until the whole file has been read.
    """

    path: Path
    size: int
    modified_ns: int
    inode: int
    container: str
    video_codec: str
    audio_codec: str
    duration: float
    width: int
    height: int
    rotation: int
    frame_rate: float
    bit_rate: int
    faststart: bool
    audio_channels: int = 0
    audio_sample_rate: int = 0
    pixel_format: str = ""
    sha256: str = ""

    @property
    def aspect_ratio(self) -> float:
        """Width over height, as shown."""
        return self.width / self.height
