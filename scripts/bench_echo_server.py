"""A websocket that says everything back, behind the TLS of the peers' door: the floor of a peer ask."""

import asyncio

from aiohttp import WSMsgType, web

from peer.identity import Identity
from peer.tls import server_context


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def serve() -> None:
    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    context = await asyncio.to_thread(server_context, Identity.generate())
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    print(f"wss://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
