#!/usr/bin/env python3
"""A server to compare with: picows on uvloop.

    picows_server.py --mode echo|broadcast|acked --port P

Prints "listening on URL" when it is ready; SIGTERM and SIGINT end it.
"""

import argparse
import asyncio
import json
import signal

import uvloop
from picows import (
    WSCloseCode,
    WSListener,
    WSMsgType,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

DATA = (WSMsgType.TEXT, WSMsgType.BINARY)
LIMIT = 64 << 20
members = set()


class Peer(WSListener):
    def on_ws_connected(self, transport):
        members.add(transport)

    def on_ws_disconnected(self, transport):
        members.discard(transport)

    def on_ws_frame(self, transport, frame):
        if frame.msg_type in DATA:
            self.received(transport, frame)
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()


class Echo(Peer):
    def received(self, transport, frame):
        transport.send(frame.msg_type, frame.get_payload_as_memoryview())


class Broadcast(Peer):
    def received(self, transport, frame):
        payload = frame.get_payload_as_bytes()
        for member in members:
            if member is not transport:
                member.send(frame.msg_type, payload)


class Acked(Peer):
    def received(self, transport, frame):
        envelope = json.loads(frame.get_payload_as_bytes())
        if envelope.get("type") == "ack_request":
            transport.send(WSMsgType.TEXT, b'{"type":"ack","id":%d}' % envelope["id"])


def accept(listener):
    """Selects the first subprotocol that the client offers."""

    def answer(request):
        offer = request.headers.get("Sec-WebSocket-Protocol")
        if offer is None:
            return listener()
        name = offer.split(",")[0].strip()
        response = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": name})
        return WSUpgradeResponseWithListener(response, listener())

    return answer


async def serve(mode, port):
    listener = {"echo": Echo, "broadcast": Broadcast, "acked": Acked}[mode]
    server = await ws_create_server(
        accept(listener), "127.0.0.1", port, max_frame_size=LIMIT, backlog=1024)
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: stop.done() or stop.set_result(None))
    port = server.sockets[0].getsockname()[1]
    print(f"listening on ws://127.0.0.1:{port}/", flush=True)
    await stop
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mode", choices=["echo", "broadcast", "acked"], required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    uvloop.install()
    asyncio.run(serve(arguments.mode, arguments.port))
