"""How a picture is given to a video, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ThumbnailCall:
    """
    How a picture is given to a video that is uploaded and not yet public.

    Args:
        url: with "{video}" where the video's id goes.
        most_bytes: how large the picture may be.
        video_id_in: the query parameter that takes the video's id; "" where it stands in the URL.
        form: further fields of the form that takes the picture.
        form_field: the form's field for the picture; "" where it is the whole body.
        video_at: the key of `Receipt.data` that holds the id before there is a post id.
    """

    url: str
    most_bytes: int
    video_id_in: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    form_field: str = ""
    video_at: str = ""

    def query(self, video: str) -> dict[str, str]:
        """Return the query parameters for a video."""
        return {self.video_id_in: video} if self.video_id_in else {}
