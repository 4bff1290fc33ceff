"""Small facts."""

import sqlalchemy as sa
from sqlmodel import Field

from pellacia_service.repositories.tables.base import Row


class MarkRow(Row, table=True):
    """A small fact that must outlive the process, such as the highest time ever seen."""

    __tablename__ = "marks"

    name: str = Field(primary_key=True, sa_type=sa.Text)
    value: str = Field(sa_type=sa.Text)
