"""Does a reply talk about a tool call instead of making it?

Small models write "I'll call open_pane" or print the call as JSON. Such a reply gets one nudge; a plain
reply never does, so only an announced or printed call of a known tool counts.
"""

import re
from collections.abc import Iterable

READ_MAX_CHARS = 8_000
"""An announcement stands early; a longer reply is read up to here."""

NUDGE = (
    "You described a tool call but did not make it. Make the call now, as a real tool call."
    " If no tool is needed after all, answer in plain words."
)

_INTENTION = (
    r"\b(?:i(?:'ll| will)|i(?:'m| am) (?:going|about) to|i need to|i should|i must"
    r"|let me(?! know)|let'?s|calling|using|invoking)\b"
)
_PRINTED_CALL = re.compile(r"<tool_call>|<function=|\[TOOL_CALLS\]|<\|tool_call", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def reads_like_a_call(text: str, tool_names: Iterable[str]) -> bool:
    """Whether a reply without calls announces or prints a call of one of these tools."""
    text = text[:READ_MAX_CHARS].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    names = tuple(tool_names)
    if not names or not text:
        return False
    if _PRINTED_CALL.search(text):
        return True
    spelled = "|".join(map(_spellings, names))
    return _is_printed(text, spelled) or any(
        _announces(sentence, spelled, names) for sentence in _SENTENCE_END.split(text)
    )


def _spellings(name: str) -> str:
    """Match a name as the model saw it: servers that know no dots got underscores."""
    return re.escape(name).replace(r"\.", r"(?:\.|__?)")


def _is_printed(text: str, spelled: str) -> bool:
    as_json = rf'"(?:name|tool|tool_name|function|action)"\s*:\s*"(?:{spelled})"'
    as_code = rf"^\W*(?:{spelled})\s*[({{]"
    return re.search(f"{as_json}|{as_code}", text, re.MULTILINE) is not None


def _announces(sentence: str, spelled: str, names: tuple[str, ...]) -> bool:
    intention = re.search(_INTENTION, sentence, re.IGNORECASE)
    if intention is None:
        return False
    plan = sentence[intention.end() :]
    if re.search(rf"(?<![\w.])(?:{spelled})(?!\w)", plan):
        return True
    said = {word.lower() for word in _WORD.findall(plan)}
    return any(said.issuperset(words) for words in map(_action_words, names) if len(words) > 1)


def _action_words(name: str) -> frozenset[str]:
    """Return the words of what a tool does: `open`, `pane`; a lone verb takes its group along."""
    action = _WORD.findall(name.rpartition(".")[2])
    return frozenset(word.lower() for word in (action if len(action) > 1 else _WORD.findall(name)))
