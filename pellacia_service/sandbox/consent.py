"""The pages that a person sees in the browser: plain HTML, no scripts, one form."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

STYLE = """
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;
background:#eef1f5;color:#1b2430;font:16px/1.5 system-ui,sans-serif}
main{width:min(30rem,94vw);margin:2rem 0;padding:2rem;background:#fff;border-radius:14px;
box-shadow:0 8px 30px #1b243022}h1{font-size:1.3rem;line-height:1.3;margin:.4rem 0 1rem}
.badge{display:inline-block;margin:0;padding:.1rem .6rem;border-radius:99px;background:#ffe9b8;
font-size:.8rem}fieldset{border:1px solid #d5dce5;border-radius:10px;margin:0 0 1rem;padding:.6rem 1rem}
legend{padding:0 .4rem;color:#5b6878;font-size:.85rem}label{display:block;padding:.2rem 0;
overflow-wrap:anywhere}label.tick{display:flex;gap:.5rem;align-items:baseline}
label.tick span{min-width:0}input[type=text]{width:100%;padding:.4rem;border:1px solid #b9c3cf;
border-radius:6px;font:inherit}.buttons{display:flex;gap:.8rem;justify-content:flex-end}
button{padding:.6rem 1.4rem;border:1px solid #b9c3cf;border-radius:8px;background:#fff;
font:inherit;cursor:pointer}button.yes{background:#1f6feb;border-color:#1f6feb;color:#fff}
ul{margin:.2rem 0;padding-left:1.2rem;overflow-wrap:anywhere}
"""

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title><style>{style}</style></head>
<body><main><p class="badge">Sandbox of {platform}</p>{body}</main></body></html>
"""


@dataclass(frozen=True)
class Choice:
    """One account or Page that can be ticked. `value`: its label in the sandbox."""

    value: str
    name: str
    ticked: bool


@dataclass(frozen=True)
class Consent:
    """
    What the page asks.

    Args:
        platform: how the platform calls itself. app: the client id.
        scopes_can_be_unticked: False shows them as a list.
        several: True where more than one of the choices may be ticked (Pages).
    """

    platform: str
    app: str
    scopes: Sequence[str]
    scopes_can_be_unticked: bool
    choices: Sequence[Choice]
    several: bool


def consent_page(consent: Consent) -> str:
    """Return the page that asks. Its form comes back to the address of the page, query included."""
    app, platform = html.escape(consent.app), html.escape(consent.platform)
    parts = (
        f"<h1>{app} wants to use your {platform} account</h1>",
        '<form method="post">',
        _choices(consent),
        _scopes(consent),
        '<div class="buttons"><button name="decision" value="deny">Deny</button>'
        '<button class="yes" name="decision" value="approve">Approve</button></div></form>',
    )
    return _page(consent.platform, f"Sign in to {consent.platform}", "".join(parts))


def error_page(platform: str, code: str, what: str) -> str:
    """Return the page of a sign-in that cannot even lead back to the application."""
    body = f"<h1>Access blocked</h1><p>{html.escape(what)}</p><p>Error 400: {html.escape(code)}</p>"
    return _page(platform, f"Error · {platform}", body)


def _choices(consent: Consent) -> str:
    legend = "Pages that it may see" if consent.several else "Account"
    kind, name = ("checkbox", "page") if consent.several else ("radio", "account")
    rows = (_box(kind, name, one.value, one.name, one.ticked) for one in consent.choices)
    new = (
        f'<label>Another one: <input type="text" name="new" maxlength="40" '
        f'placeholder="a new {"Page" if consent.several else "account"}"></label>'
    )
    return f"<fieldset><legend>{legend}</legend>{''.join(rows)}{new}</fieldset>"


def _scopes(consent: Consent) -> str:
    if consent.scopes_can_be_unticked:
        rows = "".join(_box("checkbox", "scope", one, one, True) for one in consent.scopes)
    else:
        rows = f"<ul>{''.join(f'<li>{html.escape(one)}</li>' for one in consent.scopes)}</ul>"
    return f"<fieldset><legend>It asks for</legend>{rows}</fieldset>"


def _box(kind: str, name: str, value: str, words: str, ticked: bool) -> str:
    checked = " checked" if ticked else ""
    return (
        f'<label class="tick"><input type="{kind}" name="{name}" value="{html.escape(value)}"'
        f"{checked}> <span>{html.escape(words)}</span></label>"
    )


def _page(platform: str, title: str, body: str) -> str:
    return PAGE.format(
        title=html.escape(title), platform=html.escape(platform), style=STYLE, body=body
    )
