"""A comparison of codes in words, for the command line and the console. Pure."""

from ipaddress import IPv4Address

from node.console.render import one_line
from node.replies import Comparison, Pairing

NAME_MAX_CHARS = 64


def is_address(text: str) -> bool:
    """`host:port`, or an IPv4 address alone; anything else names a peer."""
    host, _, port = text.rpartition(":")
    return (bool(host) and port.isdigit()) or _is_ip(text)


def _is_ip(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def spaced(code: str) -> str:
    """Return six digits as two people read them to each other."""
    return f"{code[:3]} {code[3:]}"


def introduction(comparison: Comparison) -> str:
    """Return who is at the other end, as far as anybody knows, and the code."""
    name = one_line(comparison["name"], NAME_MAX_CHARS) or "a node without a name"
    verb = "asks to pair" if comparison["role"] == "listener" else "answers"
    return (
        f"{name} {verb}. Anybody can call themselves that: only the code tells.\n"
        f"Its key: {comparison['fingerprint']}\n\n    {spaced(comparison['code'])}\n"
    )


def question(comparison: Comparison) -> str:
    return (
        f"{introduction(comparison)}\nLook at the other screen. "
        f"Do both screens show {spaced(comparison['code'])}? [y/N] "
    )


def result(comparison: Comparison) -> str:
    """Return how a comparison ended."""
    name = one_line(comparison["name"], NAME_MAX_CHARS)
    if comparison["state"] == "paired":
        return f"Paired with {name} ({comparison['peerId']})."
    return f"Not paired with {name}: {one_line(comparison['reason'], 200)}"


def pairing_text(pairing: Pairing) -> str:
    """Return how pairing stands, and what can be typed."""
    comparison = pairing["comparison"]
    if comparison and comparison["state"] == "undecided":
        yes = f"/pair yes {spaced(comparison['code'])}"
        return f"{introduction(comparison)}\nDo both screens show it? {yes}, or /pair no"
    if comparison and comparison["state"] == "agreed":
        return "you said yes; the other owner has not answered yet. /pair shows how it goes on"
    lines = [result(comparison)] if comparison else []
    if pairing["openUntil"] is not None:
        lines.append("others may ask to pair now; /pair shows the code as soon as one does")
    return "\n".join(lines) or "nobody may ask to pair now"
