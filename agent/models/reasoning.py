"""Tell reasoning from answer where a server leaves `<think>` tags in the text."""

from agent.models.base import ReasoningDelta, TextDelta

TAGS = ("think", "thinking", "reasoning", "thought")
_OPENINGS = tuple(f"<{tag}>" for tag in TAGS)


class ThinkSplitter:
    """Send a leading tagged block to reasoning, wherever the chunks break; tags further on are text."""

    def __init__(self) -> None:
        self._undecided = True
        self._closing = ""
        """The tag that ends the block; empty outside one."""
        self._held = ""
        self._strip = False
        """Blank lines between the block and the answer belong to neither."""

    def feed(self, text: str) -> list[ReasoningDelta | TextDelta]:
        if self._undecided:
            return self._decide(text)
        if self._closing:
            return self._inside(text)
        return self._outside(text)

    def end(self) -> list[ReasoningDelta | TextDelta]:
        """Return what was held back in case it became a tag."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._closing else TextDelta(held)]

    def _decide(self, text: str) -> list[ReasoningDelta | TextDelta]:
        self._held += text
        start = self._held.lstrip()
        if any(opening.startswith(start) and opening != start for opening in _OPENINGS):
            return []
        self._undecided = False
        text, self._held = self._held, ""
        for tag, opening in zip(TAGS, _OPENINGS, strict=True):
            if start.startswith(opening):
                self._closing = f"</{tag}>"
                return self._inside(start.removeprefix(opening))
        return self._outside(text)

    def _inside(self, text: str) -> list[ReasoningDelta | TextDelta]:
        text, self._held = self._held + text, ""
        thought, closed, answer = text.partition(self._closing)
        if not closed:
            keep = _overlap(text, self._closing)
            thought, self._held = text[: len(text) - keep], text[len(text) - keep :]
        deltas: list[ReasoningDelta | TextDelta] = [ReasoningDelta(thought)] if thought else []
        if closed:
            self._closing, self._strip = "", True
            deltas += self._outside(answer)
        return deltas

    def _outside(self, text: str) -> list[ReasoningDelta | TextDelta]:
        if self._strip:
            text = text.lstrip()
            self._strip = not text
        return [TextDelta(text)] if text else []


def _overlap(text: str, tag: str) -> int:
    """Return how many of the last characters could be the start of the tag."""
    for size in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0
