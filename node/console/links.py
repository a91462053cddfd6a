"""Chat links as text, and as they are typed. Pure."""

from collections.abc import Mapping, Sequence

from node.console.render import one_line
from node.console.tables import when
from node.replies import ChatLinkMade, ChatLinkShown

LINKS_HEAD = ("ID", "CONVERSATION", "FROM", "AT", "SHOWS", "UNTIL", "READS")
NO_LINKS = "no conversation can be read by link"
FROM = {"loopback": "this machine", "lan": "the network"}
WHOM = {"loopback": ("on this machine", ""), "lan": ("on your network", ", and it passes there unencrypted")}


def link_row(link: ChatLinkShown) -> tuple[str, ...]:
    return (
        link["id"],
        one_line(link["title"]),
        FROM[link["reach"]],
        ", ".join(link["addresses"]) or "nowhere now",
        shows(link),
        when(link["expiresAt"]),
        str(link["reads"]),
    )


def shows(link: ChatLinkShown) -> str:
    said = "what is said, also later" if link["follows"] else "what was said"
    return f"{said}, and how" if link["details"] else said


def made_note(made: ChatLinkMade) -> str:
    """Say what goes with a new address, which stands by itself."""
    where, how = WHOM[made["reach"]]
    return (
        f"Whoever is {where} and has this address can read {one_line(made['title'])!r} until"
        f" {when(made['expiresAt'])}{how}. The address is shown only now; revoke it as {made['id']}"
    )


def read_wishes(words: Sequence[str]) -> Mapping[str, object] | None:
    """Return what the words after `add` want of a link, as the node takes it; None: they make no sense."""
    wanted: dict[str, object] = {}
    for word in words:
        match word:
            case "lan":
                wanted["reach"] = "lan"
            case "follow":
                wanted["follows"] = True
            case "details":
                wanted["details"] = True
            case hours if hours.removesuffix("h").isdecimal():
                wanted["hours"] = int(hours.removesuffix("h"))
            case _:
                return None
    return wanted
