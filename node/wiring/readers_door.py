"""The readers' door: the chat links, and what their readers get."""

from node.chat_links.links import ChatLinks
from node.chat_links.reading import Reading
from node.store.chat_links import ChatLinkStore
from node.wiring.channels import Channels
from node.wiring.ground import Ground


async def open_chat_links(ground: Ground, channels: Channels) -> ChatLinks:
    """Serve the links that are good still; the door is shut where there are none."""
    store = ChatLinkStore(ground.state.db)
    links = ChatLinks(
        store,
        reading=Reading(store, ground.telemetry),
        settings=ground.settings,
        changed=channels.session_changed,
    )
    ground.stack.push_async_callback(links.close)
    await links.open()
    return links
