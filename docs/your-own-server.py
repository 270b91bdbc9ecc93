# your-own-server.py -- a first echo server, with the mistake that docs/your-own-server.md finds.
import asyncio
import resource
import socket
import sys


async def echo(connection):
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        pass  # A broken client ends its own connection only.
    writer.close()


async def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    clients = set()
    while True:
        try:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        except OSError:  # Out of files: ten tries a second.
            await asyncio.sleep(0.1)
            continue
        client = asyncio.create_task(echo(connection))
        clients.add(client)
        client.add_done_callback(clients.discard)


_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
asyncio.run(serve(int(sys.argv[1])))
