"""What can be set for one platform only."""

from pathlib import Path

import pytest

from pellacia_service.domain.post import Content
from pellacia_service.platform_kit.options import OPTIONS, option_problems
from pellacia_service.platforms import PLATFORMS

SOURCES = Path(__file__).parents[2] / "pellacia_service" / "platforms"


def test_a_misspelt_option_is_refused_and_the_right_one_named() -> None:
    content = Content(options={"pivacy": "private"})

    [problem] = option_problems(content, "youtube")

    assert problem.field == "pivacy"
    assert problem.fix == "Did you mean youtube.privacy?"


def test_known_options_are_no_problem() -> None:
    content = Content(options={"disable_duet": "true", "is_aigc": "true"})

    assert list(option_problems(content, "tiktok")) == []


def test_every_platform_has_its_options_listed() -> None:
    assert OPTIONS.keys() == PLATFORMS.keys()


@pytest.mark.parametrize(
    ("platform", "option"), [(name, option) for name, ones in OPTIONS.items() for option in ones]
)
def test_a_listed_option_is_one_that_the_platform_reads(platform: str, option: str) -> None:
    source = (SOURCES / f"{platform}.py").read_text()

    assert option in source or option.removeprefix("disable_") in source
