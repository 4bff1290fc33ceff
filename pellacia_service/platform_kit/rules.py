"""The rules that all platforms have in some form, applied from their tables: one function per rule."""

from collections.abc import Callable, Iterator

from pellacia_service.domain.media import Media
from pellacia_service.domain.post import Content
from pellacia_service.domain.problem import Problem
from pellacia_service.platform_kit.facts import Facts, Limits

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


def length_problem(
    field: str, *, actual: int, most: int, unit: str, platform: str
) -> Iterator[Problem]:
    """Yield a problem where a text is longer than `most`, in the platform's own counting."""
    if actual <= most:
        return
    yield Problem(
        field=field,
        rule="max_length",
        limit=f"{most:,} {unit}",
        actual=f"{actual:,} {unit}",
        message=f"The {field} has {actual:,} {unit}; {platform} takes {most:,}.",
        fix=f"Shorten the {field} by {actual - most:,} {unit}.",
    )


def privacy_problem(content: Content, facts: Facts) -> Iterator[Problem]:
    """Yield a problem where the platform cannot keep a post as closed as was asked."""
    if content.privacy in facts.privacies:
        return
    allowed = ", ".join(sorted(facts.privacies))
    yield Problem(
        field="privacy",
        rule="unsupported",
        limit=allowed,
        actual=content.privacy,
        message=f"{facts.title} has no {content.privacy} posts; it would show this one to others.",
        fix=f"Leave {facts.name} out, or: --set {facts.name}.privacy={min(facts.privacies)}",
    )


PICTURE_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""The first bytes of a JPEG and of a PNG."""


def thumbnail_problem(content: Content, facts: Facts) -> Iterator[Problem]:
    """Yield a problem where a thumbnail was given that is no picture, or too large."""
    path = content.thumbnail
    if path is None or facts.thumbnail is None:
        return
    try:
        with path.open("rb") as file:
            is_picture = file.read(8).startswith(PICTURE_BEGINNINGS)
        size = path.stat().st_size
    except OSError:
        is_picture, size = False, 0
    if not is_picture:
        yield Problem(
            field="thumbnail",
            rule="readable",
            limit="a JPEG or PNG file",
            actual=str(path),
            message=f"The thumbnail {path} for {facts.title} is not a JPEG or PNG that can be read.",
            fix="Give the path of a JPEG or PNG, or leave --thumbnail out.",
        )
    elif size > facts.thumbnail.most_bytes:
        yield Problem(
            field="thumbnail",
            rule="max_size",
            limit=_bytes(facts.thumbnail.most_bytes),
            actual=_bytes(size),
            message=f"The thumbnail has {_bytes(size)}; {facts.title} takes "
            f"{_bytes(facts.thumbnail.most_bytes)}.",
            fix="A JPEG of 1280×720 is plenty.",
        )


def media_problems(media: Media, facts: Facts) -> Iterator[Problem]:
    """Yield every rule of `facts.limits` that the file breaks."""
    limits, title = facts.limits, facts.title
    yield from _kinds(media, limits, title)
    yield from _outside(
        "size",
        media.size,
        (limits.smallest, limits.size),
        title,
        _bytes,
        "Export a file within it.",
    )
    yield from _outside(
        "duration", media.duration, limits.duration, title, _seconds, "Cut or lengthen the video."
    )
    yield from _outside(
        "frame_rate", media.frame_rate, limits.frame_rate, title, _fps, "Export at 30 fps."
    )
    yield from _outside(
        "aspect_ratio",
        media.aspect_ratio,
        limits.aspect_ratio,
        title,
        _ratio,
        "Crop or pad the picture.",
    )
    longer, shorter = max(media.width, media.height), min(media.width, media.height)
    yield from _outside(
        "long_side", longer, limits.long_side, title, _pixels, "Scale the picture to fit."
    )
    yield from _outside(
        "short_side", shorter, limits.short_side, title, _pixels, "Scale the picture to fit."
    )
    bit_rates = (0, limits.bit_rate) if limits.bit_rate else None
    yield from _outside(
        "bit_rate", media.bit_rate, bit_rates, title, _bit_rate, "Export with a lower bit rate."
    )


def _kinds(media: Media, limits: Limits, title: str) -> Iterator[Problem]:
    for field, actual, allowed in (
        ("container", media.container, limits.containers),
        ("video_codec", media.video_codec, limits.video_codecs),
        ("audio_codec", media.audio_codec, limits.audio_codecs),
    ):
        if not actual or actual in allowed:
            continue
        words = ", ".join(sorted(allowed))
        yield Problem(
            field=field,
            rule="unsupported",
            limit=words,
            actual=actual,
            message=f"The {field.replace('_', ' ')} is {actual}; {title} takes {words}.",
            fix="Export as MP4 with H.264 pictures and AAC sound.",
        )


def _outside(
    field: str,
    actual: float,
    limits: tuple[float, float] | None,
    title: str,
    write: Callable[[float], str],
    fix: str,
) -> Iterator[Problem]:
    if limits is None or limits[0] <= actual <= limits[1]:
        return
    least, most = limits
    rule, limit = ("min", least) if actual < least else ("max", most)
    yield Problem(
        field=field,
        rule=f"{rule}_{field}",
        limit=write(limit),
        actual=write(actual),
        message=f"The {field.replace('_', ' ')} is {write(actual)}; "
        f"{title} takes {'at least' if rule == 'min' else 'at most'} {write(limit)}.",
        fix=fix,
    )


def _bytes(value: float) -> str:
    for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if value >= size:
            return f"{value / size:.4g} {unit}"
    return f"{value:.0f} bytes"


def _seconds(value: float) -> str:
    return f"{value:.4g} s"


def _fps(value: float) -> str:
    return f"{value:.4g} fps"


def _ratio(value: float) -> str:
    return f"{value:.4g}:1"


def _pixels(value: float) -> str:
    return f"{value:.0f} px"


def _bit_rate(value: float) -> str:
    return f"{value / 1e6:.4g} Mbit/s"
