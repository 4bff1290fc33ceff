"""
Whom a Graph token stands for: the person behind `/me`, and the Page that the person manages.

Sources: Graph API reference, User "accounts" and "permissions", Page; read 2026-11-22.
"""

from collections.abc import Mapping

from pellacia_service.sandbox.accounts import issue_page_token
from pellacia_service.sandbox.graph import Edge, Node, listing
from pellacia_service.sandbox.graph_call import Call
from pellacia_service.sandbox.world import SandboxAccount

PAGE_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
PAGE_DEFAULT = ("access_token", "category", "name", "tasks")


def user_node(account: SandboxAccount) -> Node:
    """Return the person who signed in."""
    values = {"id": account.ids["user_id"], "name": account.name}
    edges = {
        ("GET", "accounts"): Edge(_accounts),
        ("GET", "businesses"): Edge(_businesses),
        ("GET", "permissions"): Edge(_permissions),
    }
    return Node("User", account, values, ("name",), edges)


def page_node(account: SandboxAccount, edges: Mapping[tuple[str, str], Edge]) -> Node:
    """Return the account's Page, with what can be done on it."""
    return Node("Page", account, _page_values(account), ("name",), edges)


async def _accounts(call: Call) -> object:
    """List the Pages that the person manages; none without the permission to see them."""
    may_list = "pages_show_list" in call.token.scopes
    if call.world.token(call.account.ids["page_access_token"], call.account.platform) is None:
        # A person who signs in anew is given living Page tokens, whatever became of the old ones.
        issue_page_token(call.world, call.account)
    rows = [_page_values(call.account)] if may_list else []
    return listing(call, rows, default=PAGE_DEFAULT, of="Page")


async def _businesses(call: Call) -> object:
    """List the person's businesses: in the sandbox every Page belongs to a person."""
    return {"data": []}


async def _permissions(call: Call) -> object:
    granted = sorted(call.token.scopes)
    return {"data": [{"permission": scope, "status": "granted"} for scope in granted]}


def _page_values(account: SandboxAccount) -> dict[str, object]:
    instagram = {
        "id": account.ids.get("ig_user_id"),
        "username": account.ids["username"],
        "name": account.name,
    }
    return {
        "id": account.ids["page_id"],
        "name": account.name,
        "category": "Video creator",
        "link": f"https://www.facebook.com/{account.ids['page_id']}",
        "access_token": account.ids["page_access_token"],
        "tasks": PAGE_TASKS,
        "instagram_business_account": instagram if instagram["id"] else None,
    }
