"""What a slash command shows, as lines of text."""

from node.console.tables import aligned
from node.qr import qr_text
from node.replies import BlockShown, ConfirmShown


def drawn(block: BlockShown) -> str:
    """Return a block as text; what of it came from strangers is escaped where it is printed."""
    if "ticket" in block:
        return f"{qr_text(block['ticket'].upper())}\n{block['ticket']}"
    if "rows" in block:
        head = [tuple(block["head"])] if block["head"] else []
        return aligned([*head, *map(tuple, block["rows"])])
    return block["text"]


def asked(confirm: ConfirmShown) -> str:
    return f"{confirm['question']}\nTo do it, type: {confirm['line']}"
