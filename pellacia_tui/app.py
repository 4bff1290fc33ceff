"""The full-screen app: for now a first page that says what there is to do."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Middle
from textual.widgets import Footer, Static

FIRST_PAGE = """\
[b]Pellacia Distribution[/b]

Publish on YouTube, Instagram, TikTok, X, LinkedIn and Facebook.

pellacia-dist demo             try all six, without any account
pellacia-dist auth login all   connect accounts
pellacia-dist upload --help    publish a video now
pellacia-dist queue list       see what became of it
"""


class PellaciaApp(App[None]):
    """The app."""

    TITLE = "Pellacia Distribution"
    CSS = """
    Middle { align: center middle; }
    Static { width: auto; max-width: 100%; padding: 1 2; border: round $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        """Show the page and the keys."""
        with Middle():
            yield Static(FIRST_PAGE)
        yield Footer()
