"""The mark beside the database: what was written before a power cut is read after it."""

import datetime as dt
import uuid
from pathlib import Path

import pytest

from pellacia_service.errors import SetupError
from pellacia_service.publishing.high_water import FOLDER, HighWater, Mark

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(minutes=1)
ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


def read(home: Path, identity: str = "db", place: str = "here") -> Mark | None:
    return HighWater(home, place).attach(identity)


async def test_a_mark_stands_at_the_highest_number_that_was_written(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")

    await water.raise_to(7, LATER, ONE)
    await water.raise_to(6, NOON, TWO)

    assert read(tmp_path) == Mark(7, LATER, "", {ONE: 7, TWO: 6})


async def test_the_deliveries_behind_a_number_are_known_by_name(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")
    await water.raise_to(6, NOON, TWO)
    await water.raise_to(7, NOON, ONE)

    mark = read(tmp_path)

    assert mark is not None
    assert mark.lost(6) == {ONE}
    assert mark.lost(7) == set()


async def test_two_publishers_of_one_home_write_into_one_file(tmp_path: Path) -> None:
    anna, berta = HighWater(tmp_path, "here"), HighWater(tmp_path, "here")
    anna.attach("db")
    berta.attach("db")

    await anna.raise_to(3, NOON)
    await berta.raise_to(4, NOON)
    await anna.raise_to(5, NOON)

    assert read(tmp_path) == Mark(5, NOON)


async def test_a_line_that_the_power_cut_short_spoils_no_other(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")
    await water.raise_to(3, NOON)
    with (tmp_path / FOLDER / "db.jsonl").open("ab") as file:
        file.write(b'{"number": 99, "at": "20')

    await water.raise_to(4, NOON)

    assert read(tmp_path) == Mark(4, NOON)


async def test_what_has_been_dealt_with_is_forgotten(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")
    await water.raise_to(9, NOON, ONE)

    await water.lower_to(4, LATER)

    assert read(tmp_path) == Mark(4, LATER)


async def test_a_database_that_has_no_name_yet_is_known_by_its_address(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")
    await water.raise_to(9, NOON)

    assert read(tmp_path, identity="fresh") == Mark(9, NOON)
    assert read(tmp_path, identity="fresh", place="elsewhere") is None


async def test_without_its_mark_nothing_goes_on(tmp_path: Path) -> None:
    water = HighWater(tmp_path, "here")
    water.attach("db")
    (tmp_path / FOLDER / "db.jsonl").mkdir()

    with pytest.raises(SetupError, match="Nothing is published without it"):
        await water.raise_to(1, NOON)
