"""The frame of every page of the readers' door: complete in itself, and without scripts. Pure."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""No script, no request, no form, no frame; `sandbox` gives the page an origin shared with nothing."""
BRAND = (
    '<p class="brand"><svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">'
    '<path class="front" d="M4 4h17a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-9l-6 5v-5H4a3 3 0 0 1-3-3V7'
    'a3 3 0 0 1 3-3z" />'
    '<path class="back" d="M27 12h1a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-1v4l-5-4h-7a3 3 0 0 1-2.8-2'
    'l3.2-3H22a5 5 0 0 0 5-5z" />'
    "</svg>Palaver</p>"
)


def page(title: str, body: str) -> str:
    """Return a page; `body` is HTML, `title` is any text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex, nofollow">'
        f"<title>{escape(title)} · Palaver</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def notice(title: str, text: str) -> str:
    """Return a page that says why there is no transcript."""
    return page(title, f'<main class="notice">{BRAND}<h1>{escape(title)}</h1><p>{escape(text)}</p></main>')
