"""The slash command about chat links: letting others read this conversation, and ending that."""

from collections.abc import Mapping

from node.console.links import LINKS_HEAD, NO_LINKS, link_row, made_note, read_wishes
from node.slash.call import Action, Call
from node.slash.commands import usage
from node.slash.outcome import Outcome, Table, said


async def link(call: Call) -> Outcome:
    """List the chat links, make one to this session, or take one back."""
    match call.argument.split():
        case [] | ["list"]:
            links = await call.node.chat_links()
            return said(Table([*map(link_row, links)], LINKS_HEAD) if links else NO_LINKS)
        case ["add", *words]:
            wanted = read_wishes(words)
            if wanted is None:
                raise usage("link")
            made = await call.node.add_chat_link(call.session, wanted)
            return said(made["url"], made_note(made))
        case ["revoke", link_id]:
            await call.node.revoke_chat_link(link_id)
            return said("revoked: nobody reads it there any more")
        case _:
            raise usage("link")


LINKS: Mapping[str, Action] = {"link": link}
