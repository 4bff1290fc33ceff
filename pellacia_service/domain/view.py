"""A post with its deliveries, as people see it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from pellacia_service.domain.delivery import Delivery, Status, status_of_post
from pellacia_service.domain.stored_post import StoredPost


@dataclass(frozen=True)
class PostView:
    """
    One post and everything on its way for it.

    Args:
        warnings: by delivery, what will keep it from going out unless a person does something.
    """

    stored: StoredPost
    deliveries: tuple[Delivery, ...]
    warnings: Mapping[uuid.UUID, str] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """The post in one word."""
        return status_of_post(delivery.status for delivery in self.deliveries)
