"""Bad input: each is refused by a sentence that names it, with exit 2, and leaves nothing behind."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.front_ends.command import CommandLine

FAMILY = "👨‍👩‍👧‍👦"
"""Seven code points, eleven UTF-16 units, two for X."""


def aged(path: Path) -> None:
    """A file that was written just now is watched for a second; these tests need not wait."""
    os.utime(path, (1, 1))


def half(clip: Path, path: Path) -> None:
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    aged(path)


def nothing(clip: Path, path: Path) -> None:
    path.touch()
    aged(path)


def prose(clip: Path, path: Path) -> None:
    path.write_text("Hello, world")
    aged(path)


def a_pipe(clip: Path, path: Path) -> None:
    os.mkfifo(path)


BAD_FILES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "missing": (lambda clip, path: None, "does not exist"),
    "empty": (nothing, "is empty (0 bytes)"),
    "half": (half, "is cut off"),
    "text": (prose, "is text, not a video"),
    "folder": (lambda clip, path: path.mkdir(), "is a folder"),
    "pipe": (a_pipe, "is a pipe"),
    "loop": (lambda clip, path: path.symlink_to(path), "leads back to itself"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_whole_video_is_refused_by_name(
    kind: str, pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    make, said = BAD_FILES[kind]
    path = tmp_path / "video.mp4"
    make(clip, path)

    ended = pellacia("upload", "--platforms", "all", "--file", str(path), "--title", "Hi", "--json")

    assert ended.code == 2
    assert "video.mp4" in ended.message
    assert said in ended.message
    assert ended.document["error"]["kind"] == "validation"
    assert pellacia.posts() == []


def test_a_dry_run_calls_a_bad_file_a_problem_of_every_platform(
    pellacia: CommandLine, tmp_path: Path
) -> None:
    words = ["--file", str(tmp_path / "no.mp4"), "--title", "Hi", "--dry-run", "--json"]

    ended = pellacia("upload", "--platforms", "youtube,x", *words)

    problems = [problem for one in ended.document["deliveries"] for problem in one["problems"]]
    assert (ended.code, ended.document["status"]) == (2, "checked")
    assert [problem["field"] for problem in problems] == ["file", "file"]
    assert problems[0]["message"] == f"{tmp_path}/no.mp4 does not exist."
    assert problems[0]["fix"] == "Check the name and the folder."


def test_a_renamed_video_is_known_by_its_content(
    pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "holiday.txt"
    path.write_bytes(clip.read_bytes())
    aged(path)

    ended = pellacia("upload", "--platform", "x", "--file", str(path), "--title", "Hi", "--dry-run")

    assert (ended.code, ended.out) == (0, "✓ x\n")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: os.utime(path, (2, 2)), "is not the file that was queued"),
    ],
    ids=["vanished", "changed"],
)  # fmt: skip
def test_a_file_that_is_another_one_when_its_time_comes_is_not_published(
    what: Callable[[Path], object], said: str, pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(clip.read_bytes())
    aged(path)
    pellacia("upload", "--platform", "x", "--file", str(path), "--title", "Hi", "--no-wait")
    what(path)

    ended = pellacia("worker", "--until-idle")

    [post] = pellacia.posts()
    assert (ended.code, post["status"]) == (5, "failed")
    assert said in post["deliveries"][0]["error"]["message"]
    assert "video.mp4" in post["deliveries"][0]["error"]["message"]


LONGEST = [
    ("youtube", "é", 100, "characters"),
    ("youtube", "\u200fש", 50, "characters"),
    ("instagram", "😀", 2200, "characters"),
    ("tiktok", "a", 2200, "UTF-16 units"),
    ("tiktok", FAMILY, 200, "UTF-16 units"),
    ("x", "a", 280, "characters as X counts them"),
    ("x", FAMILY, 140, "characters as X counts them"),
    ("facebook", "😀", 255, "characters"),
]


@pytest.mark.parametrize(("platform", "text", "most", "unit"), LONGEST)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_title_is_measured_in_the_platforms_own_counting(
    platform: str, text: str, most: int, unit: str, more: int, pellacia: CommandLine, clip: Path
) -> None:
    words = ["--file", str(clip), "--title", text * (most + more), "--dry-run", "--json"]

    ended = pellacia("upload", "--platform", platform, *words)

    [delivery] = ended.document["deliveries"]
    too_long = [one for one in delivery["problems"] if one["rule"] == "max_length"]
    assert bool(too_long) == (more > 0)
    assert ended.code == (2 if more > 0 else 0)
    assert all(one["limit"].endswith(unit) for one in too_long)


def metadata(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return ["--metadata", str(path), "--dry-run", "--json"]


@pytest.mark.parametrize(
    ("field", "text", "character"),
    [
        ("title", "a\\u0000b", "U+0000"),
        ("description", "\\ud83d", "U+D83D"),
        ("hashtags", "a\\u0007", "U+0007"),
    ],
)
def test_a_character_that_cannot_be_sent_is_named_with_its_field(
    field: str, text: str, character: str, pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    words = metadata(tmp_path / "m.json", f'{{"title": "Hi", "{field}": "{text}"}}')

    ended = pellacia("upload", "--platform", "youtube", "--file", str(clip), *words)

    [problem] = ended.document["deliveries"][0]["problems"]
    assert (ended.code, problem["field"], problem["actual"]) == (2, field, character)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "must hold one JSON object"),
        ('{"myspace": {}}', "no platform called 'myspace'"),
        ('{"privacy": "secret"}', "no privacy called 'secret'. Choose from: public, unlisted, private"),
        ('{"x": {"privacy": "secret"}}', "no privacy called 'secret'"),
        ('{"x": {"title": {}}}', "'title' of 'x' in"),
        ('{"tiktok": {"is_aigc": "\\ud800"}}', "U+D800, which is no text"),
    ],
)  # fmt: skip
def test_a_metadata_file_that_cannot_be_used_is_refused(
    text: str, said: str, pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    words = metadata(tmp_path / "m.json", text)

    ended = pellacia("upload", "--platform", "x", "--file", str(clip), *words)

    assert ended.code == 2
    assert said in ended.message


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "loop"])
def test_a_metadata_file_that_is_none_is_refused_at_once(
    kind: str, pellacia: CommandLine, clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    BAD_FILES[kind][0](clip, path)

    ended = pellacia("upload", "--platform", "x", "--file", str(clip), "--metadata", str(path))

    assert ended.code == 2
    assert f"The metadata file {path} " in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name at least one platform"),
        (["--platform", ","], "Name at least one platform"),
        (["--platforms", "myspace,x,orkut"], "no platform called 'myspace' or 'orkut'"),
        (["--platform", "x", "--set", "bogus"], "--set takes PLATFORM.KEY=VALUE"),
        (["--platform", "x", "--set", "x.=1"], "--set takes PLATFORM.KEY=VALUE"),
        (["--platform", "x", "--set", "x.privacy=odd"], "no privacy called 'odd'"),
        (["--platform", "x", "--set", "youtube.title=a"], "where this post does not go"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    words: list[str], said: str, pellacia: CommandLine, clip: Path
) -> None:
    ended = pellacia("upload", "--file", str(clip), "--title", "Hi", *words, "--json")

    assert ended.code == 2
    assert said in ended.message
    assert pellacia.posts() == []


def test_every_account_that_is_not_connected_is_named_with_the_command_that_helps(
    pellacia: CommandLine, clip: Path
) -> None:
    words = ["--file", str(clip), "--title", "Hi", "--json"]

    ended = pellacia("upload", "--platforms", "youtube:nina,x,tiktok:bob", *words)

    assert (ended.code, ended.document["error"]["kind"]) == (3, "auth")
    assert "pellacia-dist auth login youtube --label nina" in ended.message
    assert "pellacia-dist auth login tiktok --label bob" in ended.message


def test_all_means_nobody_before_the_first_account(empty: CommandLine, clip: Path) -> None:
    ended = empty("upload", "--platforms", "all", "--file", str(clip), "--title", "Hi")

    assert ended.code == 3
    assert "Connect one: pellacia-dist auth login youtube" in ended.err


def test_a_document_can_hold_any_path(pellacia: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / 'a "quoted"\n name.mp4'

    ended = pellacia("upload", "--platform", "x", "--file", str(path), "--title", "Hi", "--json")

    assert json.dumps(str(path))[1:-1] in ended.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PELLACIA_SANDBOX_URL", "ftp://x"),
        ("PELLACIA_LEASE_SECONDS", "abc"),
        ("PELLACIA_LIMITS", "{"),
        ("PELLACIA_LIMITS", '{"youtube.seats": 1}'),
        ("PELLACIA_DATABASE_URL", "mysql://user:secret@host/press"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(
    name: str, value: str, empty: CommandLine
) -> None:
    ended = empty("limits", "--json", **{name: value})

    assert (ended.code, ended.document["error"]["kind"]) == (2, "setup")
    assert name.removeprefix("PELLACIA_").casefold() in ended.message.casefold()
    assert "secret" not in ended.out + ended.err


@pytest.mark.parametrize("text", ["this is no TOML", "lease_seconds = 1", b"\xff"])
def test_a_settings_file_that_cannot_be_used_is_refused(
    text: str | bytes, empty: CommandLine
) -> None:
    empty.home.mkdir(exist_ok=True)
    file = empty.home / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())

    ended = empty("queue", "list", "--json")

    assert (ended.code, ended.document["error"]["kind"]) == (2, "setup")
    assert str(file) in ended.message
