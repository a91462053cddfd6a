"""A piece of somebody's file as a quotation in Markdown, so that it is shown as it stands there. Pure."""

from pathlib import PurePosixPath

from agent.prompt import fenced

MARKDOWN = frozenset({".md", ".markdown"})
PROSE = frozenset({"", ".txt", ".text", ".pdf", ".csv", ".tsv", ".log", ".rst", ".adoc", ".org", ".tex"})
LANGUAGE_MAX_CHARS = 12


def quoted(text: str, file: str) -> str:
    """Return a text as a block of quotation, or of code where the file is none that people read as prose."""
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in MARKDOWN:
        return _marked(text)
    if suffix in PROSE:
        return _marked(text, end="  ")  # two blanks keep a line a line
    language = suffix.removeprefix(".")
    is_plain = language.isalnum() and len(language) <= LANGUAGE_MAX_CHARS
    return fenced(text, language=language if is_plain else "")


def _marked(text: str, *, end: str = "") -> str:
    return "\n".join(f"> {line}{end}" if line.strip() else ">" for line in text.split("\n"))
