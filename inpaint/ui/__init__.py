"""The web app: `launch` runs it, `build` gives it as an ASGI app to run elsewhere."""

from __future__ import annotations

import contextlib
import os
import socket
import warnings
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from inpaint.errors import InpaintError
from inpaint.ui.settings import Settings

# Gradio reads this when it is imported: without it the server calls home.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

if TYPE_CHECKING:
    from fastapi import FastAPI

DEFAULTS = Settings()
_SWEEP_SECONDS = 60


def build(settings: Settings = DEFAULTS) -> FastAPI:
    """The app, for any ASGI server with one worker: open photos live in its memory."""
    import asyncio

    import gradio as gr
    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware
    from PIL import Image

    from inpaint.ui.restore_tab import add_restore_tab
    from inpaint.ui.routes import MAX_BYTES, make_router
    from inpaint.ui.security import SecurityHeaders
    from inpaint.ui.state import State
    from inpaint.ui.theme import CSS, HEAD, make_theme
    from inpaint.ui.translations import make_i18n, words

    rooms = {"restore": add_restore_tab}
    # The app checks the size of every photo itself, before it decodes one.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    state = State(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                state.sweep()

        sweeping = asyncio.create_task(sweep())
        yield
        sweeping.cancel()
        state.close()

    with (
        gr.Blocks(title="photomend", fill_width=True, delete_cache=(600, 3600)) as blocks,
        gr.Tabs(),
    ):
        for name, add_tab in rooms.items():
            with gr.Tab(words(f"app_{name}"), id=name):
                add_tab(state)

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    # Gradio alone would let every site read its answers on any host but localhost.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(SecurityHeaders)
    app.include_router(make_router(state))
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=make_theme(),
        css=CSS,
        head=HEAD,
        i18n=make_i18n(),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=MAX_BYTES,
        ssr_mode=False,
    )


def launch(settings: Settings = DEFAULTS) -> None:
    """Run the app until Ctrl+C. Port 0 takes any free one.

    InpaintError if the host is unknown or the port is taken.
    """
    listening = _listen(settings.host, settings.port)
    with listening:
        port = listening.getsockname()[1]
        import uvicorn

        config = uvicorn.Config(
            build(settings), log_level="warning", timeout_graceful_shutdown=1, server_header=False
        )
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
        host = f"[{host}]" if ":" in host else host
        print(f"photomend runs at http://{host}:{port} (Ctrl+C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken port is told before the slow start."""
    if not 0 <= port < 65536:  # getaddrinfo would take it modulo 65536
        raise InpaintError(f"a port is a number from 0 to 65535, not {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise InpaintError(f"no address for host {host!r}, port {port}: {error}") from error
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option would share a port that is in use
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()  # from now on the port is taken for others, and visitors wait
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise InpaintError(
            f"cannot listen on {host}, port {port}: {reason}. Choose another port: --port 7861"
        ) from error
    return listening
