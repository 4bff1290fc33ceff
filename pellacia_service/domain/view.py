"""A post with its deliveries, as people see it."""

from dataclasses import dataclass

from pellacia_service.domain.delivery import Delivery, Status, status_of_post
from pellacia_service.domain.stored_post import StoredPost


@dataclass(frozen=True)
class PostView:
    """One post and everything on its way for it."""

    stored: StoredPost
    deliveries: tuple[Delivery, ...]

    @property
    def status(self) -> Status:
        """The post in one word."""
        return status_of_post(delivery.status for delivery in self.deliveries)
