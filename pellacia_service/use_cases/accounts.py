"""Which accounts are connected, and what people call them."""

from collections.abc import Sequence

from pellacia_service.domain.account import Account
from pellacia_service.domain.names import ALL, split_address
from pellacia_service.errors import BadInputError, NotConnectedError, NotFoundError
from pellacia_service.repositories.session import Database


class Accounts:
    """The connected accounts."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Account]:
        """Return every connected account."""
        async with self._database.read() as tx:
            return await tx.accounts.all()

    async def named(self, addresses: Sequence[str]) -> list[Account]:
        """
        Return the accounts that were named, each once, in the order they were named.

        Raises:
            BadInputError: nothing, or no such platform, was named.
            NotConnectedError: an account that was named has not signed in.
        """
        words = [word for word in addresses if word.strip()]
        if not words:
            raise BadInputError("Name at least one platform: --platforms youtube,tiktok or all.")
        found: dict[str, Account] = {}
        for word in words:
            for account in await self._accounts_of(word):
                found.setdefault(account.address, account)
        return list(found.values())

    async def _accounts_of(self, word: str) -> list[Account]:
        if word.strip().lower() == ALL:
            accounts = await self.all()
            if not accounts:
                raise NotConnectedError(
                    "No account is connected. Connect one: pellacia-dist auth login youtube"
                )
            return accounts
        platform, label = split_address(word)
        async with self._database.read() as tx:
            try:
                return [await tx.accounts.find(platform, label)]
            except NotFoundError as error:
                raise NotConnectedError(
                    f"No account is connected as {word.strip()}. Connect it: "
                    f"pellacia-dist auth login {platform}"
                    + ("" if label == "default" else f" --label {label}")
                ) from error
