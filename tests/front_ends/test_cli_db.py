"""Going back to an older schema throws things away, so it is asked for twice."""

import pytest

from tests.front_ends.command import CommandLine


@pytest.mark.parametrize("revision", ["-1", "0001", "base"])
def test_a_downgrade_without_a_terminal_is_refused_until_it_says_yes(
    empty: CommandLine, revision: str
) -> None:
    before = empty("db", "upgrade", "--json").document["revision"]

    refused = empty("db", "downgrade", revision, "--json")

    assert refused.code == 2
    assert "--yes" in refused.message
    assert empty("db", "current", "--json").document["revision"] == before
    assert empty("db", "downgrade", revision, "--yes", "--json").code == 0
