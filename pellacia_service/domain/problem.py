"""One reason why a platform would turn a post down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """
    One broken rule.

    Args:
        field: what breaks it: title, description, hashtags, privacy, thumbnail, file, duration …
        rule: the rule's short name: max_length, max_size, codec, aspect_ratio …
        limit: what the platform allows, as a person would write it.
        actual: what this post has.
        message: the whole sentence.
        fix: what a person can do about it.
    """

    field: str
    rule: str
    limit: str
    actual: str
    message: str
    fix: str
