"""What the platforms would turn down, said at the place in the file that it comes from."""

from collections.abc import Iterator, Mapping

from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.names import split_address
from pellacia_service.domain.problem import Problem
from pellacia_service.errors import BadInputError
from pellacia_service.watch_folder.codes import FIXES, Code, code_of
from pellacia_service.watch_folder.located_json import Place
from pellacia_service.watch_folder.sheet import Sheet

JOINED: Mapping[str, tuple[str, ...]] = {
    "caption": ("title", "description", "hashtags"),
    "commentary": ("title", "description", "hashtags"),
    "text": ("title", "description", "hashtags"),
    "description": ("description", "hashtags"),
}
"""What a platform puts together from several values of the file."""

WORDS = frozenset({"title", "description", "hashtags", "privacy", "thumbnail"})
OPTIONS = frozenset(
    {"thumb_offset", "brand_content_toggle", "video_cover_timestamp_ms", "reply_settings"}
)
"""Problems with these stand in the metadata; all others are the video's own."""

KEYS_OF: Mapping[str, tuple[str, ...]] = {"x": ("x", "twitter")}
"""Under which keys a platform's own object may stand."""


def explain(sheet: Sheet, video: str, platform: str, problem: Problem) -> Diagnostic:
    """Turn a platform's problem into a diagnostic of the metadata file, or of the video."""
    code = code_of(platform, problem.field, problem.rule)
    fix = FIXES.get((problem.field, problem.rule), problem.fix)
    if fix is not problem.fix:
        allowed = problem.limit.partition(",")[0]
        fix = fix.format(platform=platform, allowed=allowed)
    if problem.field in WORDS | OPTIONS | JOINED.keys():
        return sheet.error(_place_of(sheet, platform, problem.field), code, problem.message, fix)
    return Diagnostic(video, Level.ERROR, code, problem.message, fix)


def _place_of(sheet: Sheet, platform: str, field: str) -> Place:
    """Return the place of the longest value that a field is made of, else that of the platform."""
    places = [
        (len(str(value)), sheet.located.place_of(*keys))
        for name in JOINED.get(field, (field,))
        for keys, value in _given(sheet, platform, name)
    ]
    if places:
        return max(places, key=lambda one: one[0])[1]
    return place_of_address(sheet, platform)


def _given(sheet: Sheet, platform: str, name: str) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield the value that a platform gets: its own, else everybody's."""
    value = sheet.located.value
    if not isinstance(value, dict):
        return
    for key in KEYS_OF.get(platform, (platform,)):
        own = value.get(key)
        if isinstance(own, dict) and own.get(name) is not None:
            yield (key, name), own[name]
            return
    if value.get(name) is not None:
        yield (name,), value[name]


def place_of_address(sheet: Sheet, address: str) -> Place:
    """Return where an account, or else any account of its platform, is named."""
    value = sheet.located.value
    named = value.get("platforms") if isinstance(value, dict) else None
    wanted = split_address(address)
    near = sheet.located.place_of("platforms")
    for index, word in enumerate(named if isinstance(named, list) else []):
        try:
            found = split_address(str(word))
        except BadInputError:
            continue
        if found == wanted:
            return sheet.located.place_of("platforms", index)
        if found[0] == wanted[0]:
            near = sheet.located.place_of("platforms", index)
    return near


def not_connected(sheet: Sheet, address: str, message: str, fix: str) -> Diagnostic:
    """Say that nobody has signed in under an address."""
    place = sheet.located.place_of("platforms")
    if address != "all":
        place = place_of_address(sheet, address)
    return sheet.error(place, Code.NOT_CONNECTED, message, fix)


def unused_words(sheet: Sheet, platforms: frozenset[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each object of a platform that the post does not go to."""
    for key, platform, _ in sheet.metadata.own_words() if sheet.metadata else ():
        if platform not in platforms:
            message = f"the post does not go to {platform}: what stands here is not used"
            fix = f'Add "{platform}" to "platforms", or take this out.'
            yield sheet.warning(sheet.located.place_of_key(key), Code.UNUSED, message, fix)
