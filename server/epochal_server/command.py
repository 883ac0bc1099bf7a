"""`epochal ui`: serves the dashboard on this machine, and opens it in the browser."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import click

from epochal.collection import no_collection
from epochal.errors import BadValueError, MissingDependencyError
from epochal.layout import find_root

if TYPE_CHECKING:
    import socket

_PORT: Final = 7707


@click.command("ui")
@click.option(
    "--dir", "dir", metavar="DIR", help="The runs folder; by default EPOCHAL_DIR, else ./epochal-runs or one above."
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help=f"The port; by default {_PORT}, else the next that is free; 0 for any.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A host name under which pages may be asked for, such as a proxy's; may be repeated.",
)
@click.option("--read-only", is_flag=True, help="Refuse every change.")
@click.option(
    "--open/--no-open",
    "opens",
    default=None,
    help="Open the page in a browser; by default where there is a screen.",
)
@click.option("--new-token", is_flag=True, help="Replace the token: pages that are open elsewhere are shut out.")
def ui(
    dir: str | None, host: str, port: int | None, hosts: tuple[str, ...], read_only: bool, opens: bool | None,
    new_token: bool,
) -> None:  # fmt: skip
    """Show the runs in the browser, live.

    Serves a page on this machine alone, unless --host says otherwise, and asks for a token, since others may have an
    account here: the link that is printed brings it. From elsewhere: ssh -L 7707:localhost:7707 MACHINE, then the same
    link. Ctrl-C ends it; what runs record is not touched by it.
    """
    starting = contextlib.ExitStack()
    # a sixth of the start would go into looking for garbage, of which there is none yet
    starting.enter_context(no_collection())
    click.get_current_context().call_on_close(starting.close)
    for module in ("starlette", "uvicorn"):
        if find_spec(module) is None:
            raise MissingDependencyError(module, "ui")
    # here, since every command of the command line loads this module
    from .listening import is_loopback, listen, shown
    from .tokens import kept_token

    root = find_root(dir)
    if dir is not None and not root.is_dir():
        raise BadValueError(f"{root} is no folder: give the runs folder, or leave --dir out")
    token = kept_token(new=new_token)
    listener = listen(host, port, first=_PORT)
    link = f"http://{shown(host)}:{listener.getsockname()[1]}/?token={token.text}"
    click.echo(f"Runs of {root}{' (read only)' if read_only else ''}: {link}", err=True)
    if not root.is_dir():
        from epochal.run_list import where_looked

        looked = where_looked(dir, root)
        click.echo(f"There are no runs in {looked} yet: those of {root} show up as soon as there are.", err=True)
    if not is_loopback(host):
        click.echo(
            "Everybody who reaches this machine and has the link may see the runs; it is not encrypted.", err=True
        )
    from .app import create_app  # the link stands there already, and a browser may come to it

    app = create_app(root, token=token, read_only=read_only, hosts=hosts, ahead=starting.close)
    _serve(app, listener, link if _wants_browser(opens) else None)


def _serve(app: Any, listener: socket.socket, link: str | None) -> None:
    import webbrowser

    from .serving import Server

    Server(app, lambda: link is not None and webbrowser.open(link)).run(sockets=[listener])


def _wants_browser(opens: bool | None) -> bool:
    if opens is not None:
        return opens
    screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or sys.platform in ("darwin", "win32")
    return screen and sys.stderr.isatty() and not os.environ.get("SSH_CONNECTION")
