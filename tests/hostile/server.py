# server.py -- servers that no client should trust, one for each word.
#
# usage: server.py MODE [PORT]      PORT 0 or none: any free one; prints "ready port=N" but where the mode does not
import os
import signal
import socket
import sys
import threading
import time

mode = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
CHUNK = b"x" * 65536


def split_off(depth):  # Children in sessions of their own, which ignore SIGTERM and have children.
    for _ in range(3 if depth else 0):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            split_off(depth - 1)
            time.sleep(100)
            os._exit(0)


def end_threads():
    while True:
        threading.Thread(target=int).start()


def chatter(fd):
    while True:
        os.write(fd, b"a line for each message\n" * 1000)


def echo(client):
    while data := client.recv(65536):
        client.sendall(data)


def serve(client):
    try:
        if mode == "mute":
            time.sleep(100)
        elif mode == "forever":
            while True:
                client.sendall(CHUNK)
        elif mode == "garbage":
            while client.recv(65536):
                client.sendall(os.urandom(4096))
        elif mode == "tls":  # A handshake record that promises 16 KiB, and noise.
            client.sendall(b"\x16\x03\x03\x40\x00" + os.urandom(16384))
            echo(client)
        elif mode == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif mode != "close":
            echo(client)
    except OSError:
        pass
    client.close()


def listen():
    return socket.create_server(("127.0.0.1", port), backlog=512)


if mode == "late":  # Never ready.
    time.sleep(100)
if mode == "banner":
    print("\033[2JWelcome!", flush=True)
if mode == "endless":  # No newline in a mebibyte.
    os.write(1, b"y" * 1048576)
    time.sleep(100)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "daemons":
    split_off(2)
if mode == "stranger":  # Says the port of another program.
    print(f"ready port={port}", flush=True)
    time.sleep(100)
listener = listen()
port = listener.getsockname()[1]
print(f"ready port={port}", flush=True)
for name, fd in (("stderr", 2), ("stdout", 1)):
    if mode == name:
        threading.Thread(target=chatter, args=(fd,), daemon=True).start()
if mode == "threads":
    threading.Thread(target=end_threads, daemon=True).start()
accepted = 0
while True:
    connection = listener.accept()[0]
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
    accepted += 1
    if mode == "relisten" and accepted % 2 == 0:
        listener.close()
        time.sleep(0.05)
        listener = listen()
