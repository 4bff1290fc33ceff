"""Where a platform tells how much of a budget is used up, by us and by everybody else, as data."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class QuotaCall:
    """
    A question that costs nothing and changes nothing.

    Args:
        url: with the names of an account's ids in braces: "{user_id}".
        query: the query parameters.
        budget: the kind of the budget that the answer speaks of. Its window is a rolling one.
        used_at, most_at: where the two numbers sit in the answer.
    """

    url: str
    query: Mapping[str, str]
    budget: str
    used_at: str
    most_at: str
