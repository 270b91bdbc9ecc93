# python.py -- one event loop; a coroutine serves each client as if it were alone.
#
#   event loop ──▶ who is ready? ──▶ resume its coroutine ──▶ until its next await ──▶ ...
#
# Cost: a task, a stream reader and a stream writer per client, some KiB of small objects.
#
# Start: python3 -I {file} 0
import argparse
import asyncio
import contextlib
import re
import resource
import signal
import socket
import sys
import time

BUFFER_B = 64 * 1024
RETRY_S = 0.1  # When files ran out: ten tries a second.

# A line that costs, up to what ends its number; common/costs.h tells what counts.
COST = re.compile(rb"(?m)^!(spin|sleep) 0*(1000000|[0-9]{1,6})(?=[ \t\r\n])")
MAYBE_COST = re.compile(rb"!?|![a-z]{1,5}|!(spin|sleep) [0-9]{0,20}")


class Costs:
    line = b""  # What came of a line that may yet turn out to cost.

    async def pay(self, data):
        text = self.line + data
        for kind, us in COST.findall(text):
            if kind == b"spin":  # Holds up every client, for there is one thread.
                end = time.thread_time() + int(us) / 1e6
                while time.thread_time() < end:
                    pass
                await asyncio.sleep(0)  # Before the next line costs, others are served.
            else:  # Awaited, as a slow database would be: the loop serves the others meanwhile.
                await asyncio.sleep(int(us) / 1e6)
        last = text[text.rfind(b"\n") + 1 :]
        self.line = last if MAYBE_COST.fullmatch(last) else b"-"


async def echo(connection, costs):
    reader, writer = await asyncio.open_connection(sock=connection)
    with contextlib.suppress(ConnectionError):  # A broken client ends its own connection only.
        while data := await reader.read(BUFFER_B):
            if costs:
                await costs.pay(data)
            writer.write(data)
            await writer.drain()  # Who does not read is not read from.
    writer.close()


# Not asyncio.start_server(): out of files, it tries to accept as often as its backlog is long
# without a pause, and each try orders another round a second later.
async def serve(options):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.create_server((options.host, options.port), family=family, backlog=4096)
    listener.setblocking(False)
    print(f"ready port={listener.getsockname()[1]}", flush=True)
    told = False
    clients = set()  # The loop itself would let a waiting task be collected.
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except OSError as error:
            if not told:
                print(f"python: accept: {error.strerror}: new clients wait until something frees", file=sys.stderr)
            told = True
            await asyncio.sleep(RETRY_S)
            continue
        client = loop.create_task(echo(connection, options.costs and Costs()))
        clients.add(client)
        client.add_done_callback(clients.discard)


parser = argparse.ArgumentParser(description="echo server: one event loop, a coroutine per client")
parser.add_argument("port", type=int, nargs="?", default=0)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--costs", action="store_true", help='pay for lines "!spin N" and "!sleep N"')
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
with contextlib.suppress(asyncio.CancelledError):
    asyncio.run(serve(parser.parse_args()))
