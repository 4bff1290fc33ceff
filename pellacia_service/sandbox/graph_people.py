"""
Whom a Graph token stands for: the person behind `/me`, and the Pages that the person manages.

A Page whose label begins with "business" is owned by the person's business portfolio: it is found
through `/me/businesses` alone, with the permission `business_management`.

Sources: Graph API reference, User "accounts", "businesses" and "permissions", Business
"owned_pages", Page; read 2026-11-22.
"""

from collections.abc import Mapping

from pellacia_service.sandbox.accounts import ACCOUNT_KINDS, FOREVER_SECONDS, issue_page_token
from pellacia_service.sandbox.graph import Edge, Node, listing
from pellacia_service.sandbox.graph_call import Call, graph_error
from pellacia_service.sandbox.oauth_grants import end_sign_ins, grants_of
from pellacia_service.sandbox.world import SandboxAccount, Token, World

PAGE_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
PAGE_DEFAULT = ("access_token", "category", "name", "tasks")
BUSINESS_LABEL = "business"
BUSINESS_SCOPE = "business_management"


def find_person(account: SandboxAccount, node_id: str) -> Node | None:
    """Return the person who signed in, or the person's business, by its id."""
    if node_id == account.ids["user_id"]:
        return user_node(account)
    if node_id == _business_id(account):
        values = {"id": node_id, "name": f"{account.name} Business"}
        edges = {
            ("GET", "owned_pages"): Edge(_owned_pages, BUSINESS_SCOPE),
            ("GET", "client_pages"): Edge(_client_pages, BUSINESS_SCOPE),
        }
        return Node("Business", account, values, ("name",), edges)
    return None


def user_node(account: SandboxAccount) -> Node:
    """Return the person who signed in."""
    values = {"id": account.ids["user_id"], "name": account.name}
    edges = {
        ("GET", "accounts"): Edge(_accounts),
        ("GET", "businesses"): Edge(_businesses, BUSINESS_SCOPE),
        ("GET", "permissions"): Edge(_permissions),
        ("DELETE", "permissions"): Edge(_revoke),
    }
    return Node("User", account, values, ("name",), edges)


def page_node(account: SandboxAccount, edges: Mapping[tuple[str, str], Edge]) -> Node:
    """Return the account's Page, with what can be done on it."""
    return Node("Page", account, _page_values(account, ""), ("name",), edges)


async def _accounts(call: Call) -> object:
    """List the Pages that the person manages; none without the permission to see them."""
    return _listed(call, [one for one in _granted_pages(call) if not _is_of_business(one)])


async def _owned_pages(call: Call) -> object:
    return _listed(call, [one for one in _granted_pages(call) if _is_of_business(one)])


async def _client_pages(call: Call) -> object:
    return {"data": []}


async def _businesses(call: Call) -> object:
    """List the person's business, where one of the Pages belongs to it."""
    if not any(_is_of_business(one) for one in _granted_pages(call)):
        return {"data": []}
    row = {"id": _business_id(call.account), "name": f"{call.account.name} Business"}
    return listing(call, [row], default=("name",), of="Business")


async def _permissions(call: Call) -> object:
    grant = grants_of(call.world).of(call.token.value)
    states = dict.fromkeys(call.token.scopes, "granted")
    states |= dict.fromkeys(grant.declined if grant else (), "declined")
    return {"data": [{"permission": scope, "status": states[scope]} for scope in sorted(states)]}


async def _revoke(call: Call) -> object:
    """Throw the app out: the person's tokens and those of the Pages end."""
    if call.token.kind == "page":
        raise graph_error("(#210) A user access token is required to request this resource.", 210)
    grant = grants_of(call.world).of(call.token.value)
    if grant is None:
        end_sign_ins(call.world, call.account)
    else:
        grant.end()
    return {"success": True}


def _granted_pages(call: Call) -> tuple[SandboxAccount, ...]:
    if "pages_show_list" not in call.token.scopes:
        return ()
    grant = grants_of(call.world).of(call.token.value)
    return (call.account,) if grant is None else grant.pages


def _listed(call: Call, pages: list[SandboxAccount]) -> object:
    rows = [_page_values(one, _page_token(call, one).value) for one in pages]
    return listing(call, rows, default=PAGE_DEFAULT, of="Page")


def _page_token(call: Call, page: SandboxAccount) -> Token:
    """
    Return the Page's token for this person: no more scopes than the person agreed to.

    A person who signs in anew is given living Page tokens, whatever became of the old ones.
    """
    grants = grants_of(call.world)
    grant = grants.of(call.token.value)
    if grant is None:
        return _token_by_hand(call.world, page)
    known = grant.page_tokens.get(page.ids["page_id"])
    if known is not None and not known.revoked:
        return known
    kind = ACCOUNT_KINDS[page.platform]
    token = call.world.issue_token(
        page,
        scopes=grant.scopes,
        seconds=FOREVER_SECONDS,
        prefix=kind.access_prefix,
        kind="page",
    )
    return grants.add_page(grant, page, token)


def _token_by_hand(world: World, page: SandboxAccount) -> Token:
    """Return the token that the control hands out with an account, made anew where it has ended."""
    living = world.token(page.ids["page_access_token"], page.platform)
    return living or issue_page_token(world, page)


def _is_of_business(page: SandboxAccount) -> bool:
    return page.label.startswith(BUSINESS_LABEL)


def _business_id(account: SandboxAccount) -> str:
    return f"9{account.ids['user_id']}"


def _page_values(account: SandboxAccount, access_token: str) -> dict[str, object]:
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
        "access_token": access_token or account.ids["page_access_token"],
        "tasks": PAGE_TASKS,
        "instagram_business_account": instagram if instagram["id"] else None,
    }
