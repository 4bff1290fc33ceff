"""Which accounts are connected, and what people call them."""

from collections.abc import Sequence

from pellacia_service.domain.account import DEFAULT_LABEL, Account
from pellacia_service.domain.names import ALL, PLATFORM_NAMES, split_address
from pellacia_service.errors import BadInputError, NotConnectedError
from pellacia_service.repositories.session import Database


class Accounts:
    """The connected accounts."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Account]:
        """Return every account that is signed in."""
        async with self._database.read() as tx:
            return await tx.accounts.connected()

    async def named(self, addresses: Sequence[str]) -> list[Account]:
        """
        Return the accounts that were named, each once, in the order they were named.

        Raises:
            BadInputError: nothing, or no such platform, was named.
            NotConnectedError: an account that was named has not signed in.
        """
        words = [word.strip() for word in addresses if word.strip()]
        if not words:
            raise BadInputError("Name at least one platform: --platforms youtube,tiktok or all.")
        _refuse_unknown([word for word in words if word.lower() != ALL])
        connected = {(account.platform, account.label): account for account in await self.all()}
        defaults = await self._defaults()
        wanted: dict[tuple[str, str], None] = {}
        for word in words:
            if word.lower() == ALL:
                wanted |= dict.fromkeys(connected)
            else:
                platform, label = split_address(word)
                label = defaults.get(platform, label) if label == DEFAULT_LABEL else label
                wanted[platform, label] = None
        if not wanted:
            raise NotConnectedError(
                "No account is connected. Connect one: pellacia-dist auth login youtube"
            )
        missing = [pair for pair in wanted if pair not in connected]
        if missing:
            raise NotConnectedError("\n".join(_not_connected(*pair) for pair in missing))
        return [connected[pair] for pair in wanted]

    async def _defaults(self) -> dict[str, str]:
        """
        Return the label that a platform's name alone means: "default", else that of its first account.

        Signed-out accounts count: signing out must not turn a script's posts to another channel.
        """
        async with self._database.read() as tx:
            ever = await tx.accounts.all()
        labels = {account.platform: account.label for account in reversed(ever)}
        named = {account.platform for account in ever if account.label == DEFAULT_LABEL}
        return labels | dict.fromkeys(named, DEFAULT_LABEL)


def _refuse_unknown(words: Sequence[str]) -> None:
    """Raise one sentence about every platform that there is not."""
    unknown = []
    for word in words:
        try:
            split_address(word)
        except BadInputError:
            unknown.append(word)
    if unknown:
        raise BadInputError(
            f"There is no platform called {' or '.join(repr(word) for word in unknown)}. "
            f"Choose from: {', '.join(PLATFORM_NAMES)}."
        )


def _not_connected(platform: str, label: str) -> str:
    is_default = label == DEFAULT_LABEL
    address, option = (platform, "") if is_default else (f"{platform}:{label}", f" --label {label}")
    return (
        f"No account is connected as {address}. "
        f"Connect it: pellacia-dist auth login {platform}{option}"
    )
