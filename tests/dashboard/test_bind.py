"""The address that a server takes."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from dashboard.server import bind


def test_an_answer_in_two_packets_does_not_wait_for_the_first_to_be_acknowledged():
    async def accepted() -> int:
        """TCP_NODELAY of a connection, as the server answers on it."""
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_reader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        bound = bind("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            given = await asyncio.wait_for(found, 30)
            writer.close()
            return given

    # In a thread of its own: Playwright's loop runs in that of the tests.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, accepted()).result()
