"""Why nobody is found: what the node says of its discovery, and what on this machine may be in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.checks.check import Check, hint, ok, wrong
from node.interfaces import Interface
from node.replies import Discovery

UFW = Path("/etc/ufw/ufw.conf")
FIREWALLD = Path("/usr/sbin/firewalld")
SWITCH_ON = "palaver config set network.enableLanDiscovery true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What matters of a machine for being found on its network."""

    present: Sequence[Interface]
    way_out: Interface | None
    """The interface by which it reaches the world."""
    system: str
    """As `platform.system()` has it."""
    has_ufw: bool
    has_firewalld: bool


def is_ufw_on(path: Path = UFW) -> bool:
    """Say whether ufw is switched on. Blocks, shortly."""
    try:
        return "enabled=yes" in path.read_text(errors="replace").casefold()
    except OSError:
        return False


def finding(discovery: Discovery, around: Surroundings, peer_port: int) -> list[Check]:
    """Return how discovery is; when it finds nobody, also what may be the reason."""
    if not discovery["enabled"]:
        return [ok("finding", f"off, as it is unless you switch it on: {SWITCH_ON}")]
    if discovery["problem"] is not None:
        return [wrong("finding", discovery["problem"], "the checks of multicast say more")]
    if not discovery["interfaces"]:
        return [_nowhere_to_look(around.present)]
    if not discovery["announced"] and not discovery["hidden"]:
        text = "others are looked for, but this node's door is open to this machine only"
        return [wrong("finding", text, "palaver config set network.listen auto")]
    how = "looking without being shown" if discovery["hidden"] else "looking and shown"
    if discovery["found"]:
        return [ok("finding", f"{how}; {discovery['found']} found")]
    return [_nobody(how), *_reasons(around, peer_port)]


def _nowhere_to_look(present: Sequence[Interface]) -> Check:
    names = ", ".join(one.name for one in present) or "none"
    remedy = "join a network, or name one of them: palaver config set network.interfaces '[\"NAME\"]'"
    return wrong("finding", f"no network interface to look on (there are: {names})", remedy)


def _nobody(how: str) -> Check:
    return hint(
        "finding",
        f"{how}; nobody found yet. The other node has to be shown too, on the same network;"
        " a guest Wi-Fi keeps its machines apart",
        "palaver connect ADDRESS and tickets work all the same",
    )


def _reasons(around: Surroundings, peer_port: int) -> list[Check]:
    reasons = [_firewall(around, peer_port)]
    tunnel = next((one for one in (around.way_out, *around.present) if one and one.is_tunnel), None)
    if tunnel is not None:
        text = f"a VPN is on ({tunnel.name}); many block the local network"
        reasons.insert(0, hint("vpn", text, "allow local network access in its settings, or pause it"))
    if around.way_out is None:
        reasons.insert(0, hint("network", "this machine reaches no other network", "look at cable or Wi-Fi"))
    return reasons


def _firewall(around: Surroundings, port: int) -> Check:
    match around:
        case Surroundings(system="Darwin"):
            text = "macOS may keep others out"
            remedy = (
                "System Settings: allow Python under Network > Firewall, and under Privacy > Local Network"
            )
        case Surroundings(system="Windows"):
            text = "Windows keeps others out of networks that it takes for public"
            remedy = "set the network's profile to Private, and allow Python in Windows Defender Firewall"
        case Surroundings(has_ufw=True):
            text, remedy = "ufw is on", f"sudo ufw allow 5353/udp && sudo ufw allow {port}/tcp"
        case Surroundings(has_firewalld=True):
            text = "firewalld is installed and may keep others out"
            remedy = (
                f"sudo firewall-cmd --add-service=mdns --add-port={port}/tcp (and --permanent to keep it)"
            )
        case _:
            text = "no firewall that is known here; another one may keep others out"
            remedy = f"let in UDP port 5353 and TCP port {port}"
    return hint("firewall", text, remedy)
