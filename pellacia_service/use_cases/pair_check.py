"""Checking one pair of video and metadata: everything that is wrong with it, of all platforms at once."""

import asyncio
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from pellacia_service.clock import Clock
from pellacia_service.domain.calendar_wish import OnConflict
from pellacia_service.domain.diagnostic import Diagnostic, Level
from pellacia_service.domain.draft import Draft
from pellacia_service.domain.post import Privacy
from pellacia_service.errors import BadInputError, NotConnectedError
from pellacia_service.media import read_media
from pellacia_service.media.opening import opened
from pellacia_service.use_cases.accounts import Accounts
from pellacia_service.use_cases.posts import Posts
from pellacia_service.use_cases.zones import default_zone, rules_version
from pellacia_service.watch_folder.codes import Code
from pellacia_service.watch_folder.folder import Pair
from pellacia_service.watch_folder.located_json import Place
from pellacia_service.watch_folder.metadata import Metadata
from pellacia_service.watch_folder.problems import explain, not_connected, unused_words
from pellacia_service.watch_folder.sheet import MOST_BYTES, Sheet, in_order, read_sheet
from pellacia_service.watch_folder.spelling import quoted
from pellacia_service.watch_folder.times import When, read_when

PathOf: TypeAlias = Callable[[str], Path]
"""Where a file that arrived under a name lies now."""

NOT_FILES = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


PICTURES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class Checked:
    """
    A pair that was looked at.

    Args:
        draft: what would be posted; None where there are errors.
        thumbnail: the name of the picture that the metadata names; empty where there is none.
        on_conflict: what becomes of a time that collides.
        time: where the metadata says the time; None: it says none.
    """

    diagnostics: tuple[Diagnostic, ...]
    draft: Draft | None = None
    thumbnail: str = ""
    on_conflict: OnConflict = OnConflict.REJECT
    time: Place | None = None


class PairCheck:
    """
    Looks at pairs. Writes and sends nothing.

    Args:
        timezone: the default zone of the settings; empty: the machine's.
    """

    def __init__(self, *, accounts: Accounts, posts: Posts, clock: Clock, timezone: str) -> None:
        self._accounts = accounts
        self._posts = posts
        self._clock = clock
        self._timezone = timezone

    async def check(self, pair: Pair, path_of: PathOf) -> Checked:
        """Say everything that is wrong with a pair."""
        odd = await asyncio.to_thread(no_files, pair, path_of)
        if odd:
            return Checked(tuple(odd))
        sheet = await asyncio.to_thread(_read, pair.metadata, path_of(pair.metadata))
        video = await self._video_trouble(pair, path_of)
        if sheet.metadata is None:
            return Checked((*sheet.diagnostics, *video))
        addresses, unknown = await self._addresses(sheet, sheet.metadata)
        when = self._when(sheet, sheet.metadata)
        thumbnail = await asyncio.to_thread(_thumbnail_trouble, sheet, sheet.metadata, path_of)
        draft = _to_draft(sheet.metadata, path_of, pair.video, addresses, when)
        draft = replace(draft, thumbnail=None) if thumbnail else draft
        found = [*sheet.diagnostics, *unknown, *when.diagnostics, *thumbnail, *video]
        if not unknown:
            found += unused_words(sheet, frozenset(one.partition(":")[0] for one in addresses))
        if addresses and not video:
            found += await self._problems(sheet, pair.video, draft)
        diagnostics = _sheet_first(pair, found)
        if any(one.level is Level.ERROR for one in diagnostics):
            return Checked(diagnostics)
        return Checked(
            diagnostics,
            draft,
            sheet.metadata.thumbnail or "",
            sheet.metadata.on_conflict or OnConflict.REJECT,
            sheet.located.place_of(when.key) if when.moment else None,
        )

    async def _video_trouble(self, pair: Pair, path_of: PathOf) -> list[Diagnostic]:
        try:
            await read_media(path_of(pair.video), clock=self._clock)
        except BadInputError as trouble:
            message, fix = split_advice(str(trouble))
            return [Diagnostic(pair.video, Level.ERROR, Code.NO_VIDEO, message, fix)]
        return []

    def _when(self, sheet: Sheet, metadata: Metadata) -> When:
        has_time = metadata.at is not None or metadata.scheduled_at is not None
        wanted = has_time and metadata.timezone is None
        zone = default_zone(self._timezone) if wanted else ""
        return read_when(sheet, metadata, default_zone=zone, now=self._clock.now())

    async def _addresses(
        self, sheet: Sheet, metadata: Metadata
    ) -> tuple[tuple[str, ...], list[Diagnostic]]:
        """Return the connected accounts among those named, and what to say of the others."""
        connected: list[str] = []
        unknown: list[Diagnostic] = []
        for address in dict.fromkeys(metadata.platforms):
            try:
                accounts = await self._accounts.named([address])
                connected += [account.address for account in accounts]
            except NotConnectedError as trouble:
                unknown.append(not_connected(sheet, address, *split_advice(str(trouble))))
        return tuple(dict.fromkeys(connected)), unknown

    async def _problems(self, sheet: Sheet, video: str, draft: Draft) -> list[Diagnostic]:
        problems = await self._posts.check(draft)
        return [
            explain(sheet, video, address.partition(":")[0], problem)
            for address, found in problems.items()
            for problem in found
        ]


def no_files(pair: Pair, path_of: PathOf) -> list[Diagnostic]:
    """Say which half of a pair is no regular file of its own; such a thing is never opened."""
    found: list[Diagnostic] = []
    for name in (pair.metadata, pair.video):
        try:
            mode = os.lstat(path_of(name)).st_mode
        except OSError as trouble:
            what = f"{name} cannot be looked at: {trouble.strerror}"
            found.append(Diagnostic(name, Level.ERROR, Code.CANNOT_READ, what))
            continue
        if not stat.S_ISREG(mode):
            kind = NOT_FILES.get(stat.S_IFMT(mode), "no file")
            what, fix = f"{name} is {kind}, not a file", "Put the file itself here."
            found.append(Diagnostic(name, Level.ERROR, Code.NOT_A_FILE, what, fix))
    return found


def split_advice(text: str) -> tuple[str, str]:
    """Part what happened from what helps: the last sentence."""
    happened, _, helps = text.rpartition(". ")
    return (happened, helps) if happened else (text, "")


def _read(name: str, path: Path) -> Sheet:
    try:
        with opened(path) as file:
            content = file.read(MOST_BYTES + 1)
    except (BadInputError, OSError) as trouble:
        message, fix = split_advice(str(trouble))
        found = Diagnostic(name, Level.ERROR, Code.CANNOT_READ, message, fix)
        return Sheet(name, diagnostics=(found,))
    if len(content) > MOST_BYTES:
        message, fix = (
            "the file has more than 1 MiB",
            "A post needs a few lines. Is it the right file?",
        )
        found = Diagnostic(name, Level.ERROR, Code.TOO_LARGE, message, fix)
        return Sheet(name, diagnostics=(found,))
    return read_sheet(name, content)


def _thumbnail_trouble(sheet: Sheet, metadata: Metadata, path_of: PathOf) -> list[Diagnostic]:
    """Refuse a thumbnail that is not there, or that is somewhere else on this computer."""
    name = metadata.thumbnail
    if not name:
        return []
    try:
        path = Path(name)
        if (
            path.name == name
            and path.suffix.lower() in PICTURES
            and stat.S_ISREG(os.lstat(path_of(name)).st_mode)
        ):
            return []
    except (OSError, ValueError):
        pass
    place = sheet.located.place_of("thumbnail")
    message = f"the thumbnail {quoted(name)} is no picture in the watched folder"
    fix = 'Put a JPEG or PNG beside the video and name it, or leave "thumbnail" out.'
    return [sheet.error(place, Code.THUMBNAIL, message, fix)]


def _to_draft(
    metadata: Metadata, path_of: PathOf, video: str, addresses: tuple[str, ...], when: When
) -> Draft:
    """Make a draft of what the metadata says."""
    moment, thumbnail = when.moment, metadata.thumbnail
    return Draft(
        file=path_of(video),
        addresses=addresses,
        title=metadata.title or "",
        description=metadata.description or "",
        hashtags=tuple(dict.fromkeys(metadata.hashtags or ())),
        privacy=metadata.privacy or Privacy.PUBLIC,
        thumbnail=path_of(thumbnail) if thumbnail else None,
        overrides={platform: words.as_override() for _, platform, words in metadata.own_words()},
        due_at=moment.at if moment else None,
        timezone=moment.zone if moment else "",
        wall_time=moment.wall_text if moment else "",
        tzdata_version=rules_version() if moment else "",
    )


def _sheet_first(pair: Pair, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Order by file, then by place; each once, however many accounts of a platform say it."""
    of_sheet = in_order([one for one in found if one.file == pair.metadata])
    return (*of_sheet, *dict.fromkeys(one for one in found if one.file != pair.metadata))
