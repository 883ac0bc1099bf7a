"""Where the dashboard listens: the address that was asked for and a free port, and how a link names them."""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Final

from epochal.errors import BadValueError

#: Ports that are tried where nobody named one.
_TRIED: Final = 50


def listen(host: str, port: int | None, *, first: int) -> socket.socket:
    """Return a socket that listens where it was asked to; without a port on `first` or the next that is free.

    Raises:
        BadValueError: it cannot.
    """
    ports = [port] if port is not None else [*range(first, first + _TRIED), 0]
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadValueError(f"--host {host} is no address: {error.strerror or error}") from error
    for each in ports:
        # asyncio turns Nagle's algorithm off for sockets that say that they are TCP: else each answer waits 40 ms
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":  # elsewhere it lets two servers have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address[0], each, *address[2:]))
            listener.listen(128)
        except OSError as error:
            listener.close()
            failure = error
            continue
        listener.set_inheritable(True)
        return listener
    raise BadValueError(
        f"{host} port {ports[0]} cannot be listened on ({failure.strerror}): choose another with --port"
    )


def shown(host: str) -> str:
    """Return how a link names the host."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return socket.gethostname()
    return f"[{host}]" if address.version == 6 else host


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
