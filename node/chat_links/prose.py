"""A stranger's Markdown as HTML that names things, and loads and runs none. Pure."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

HEADING_LOWEST = 6
BELOW = 2
"""The page's own headings are of the first two ranks."""
ADDRESS_SHOWN_CHARS = 120


def html_of(text: str) -> str:
    """Return the text as HTML; markup in it is shown as the text it is."""
    tokens = _PARSER.parse(text)
    for token in tokens:
        _fit(token)
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def is_followable(address: str) -> bool:
    """Whether an address may be a link: a whole one, which does not hide where it leads."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "mailto" or (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    )


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  the library's name
        return is_followable(url)


def _fit(token: Token) -> None:
    """Put headings below the page's own, and have classes for columns, since the policy allows no styles."""
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(HEADING_LOWEST, int(token.tag[1]) + BELOW)}"
    style = token.attrs.pop("style", None)
    if style is not None:
        token.attrSet("class", str(style).replace("text-align:", "to-"))
    for child in token.children or ():
        if child.type == "link_open":
            child.attrSet("rel", "noopener noreferrer nofollow")
            child.attrSet("title", str(child.attrGet("href")))


def _code(_: object, tokens: Sequence[Token], at: int, *__: Any) -> str:
    # Reached by the keyboard, so that who has no pointer can read a long line to its end.
    return f'<pre tabindex="0"><code>{escapeHtml(tokens[at].content)}</code></pre>\n'


def _image(_: object, tokens: Sequence[Token], at: int, *__: Any) -> str:
    """Name an image, which is never loaded: its address could tell somebody else who reads this."""
    address = str(tokens[at].attrGet("src") or "")[:ADDRESS_SHOWN_CHARS]
    label = tokens[at].content or "without a description"
    return f'<span class="image">Image: {escapeHtml(label)} <code>{escapeHtml(address)}</code></span>'


def _parser() -> _Parser:
    parser = _Parser("commonmark", {"html": False})
    parser.enable(["table", "strikethrough"])
    for name, rule in (("fence", _code), ("code_block", _code), ("image", _image)):
        parser.add_render_rule(name, rule)
    parser.add_render_rule("table_open", lambda *_: '<div class="table" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


_PARSER = _parser()
