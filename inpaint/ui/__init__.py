"""The web app: `launch` runs it, `build` gives it as an ASGI app to run elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import warnings
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from inpaint.errors import InpaintError
from inpaint.ui.settings import Settings

# Gradio reads this when it is imported: without it the server calls home.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# And this: else it sums up with pandas, after every job, what only its monitoring page would show.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(2**62)

if TYPE_CHECKING:
    from fastapi import FastAPI

DEFAULTS = Settings()
_SWEEP_SECONDS = 60
_OPEN_TO_ALL = (
    "photomend: everybody who reaches this machine can use the app; --auth NAME:PASSWORD keeps "
    "others out"
)
_MOST_JOBS = 200  # at once in Gradio's queue; they wait in the app's own line


def build(settings: Settings = DEFAULTS) -> FastAPI:
    """The app, for any ASGI server with one worker: open photos live in its memory.

    settings.host is where that server listens: on this machine alone, unless it says otherwise, the
    app answers to this machine's names only (inpaint/ui/access/origins.py says when).
    """
    from inpaint.ui.access.uploads import TIME_TO_LIVE, Uploads, own_folder

    folder = own_folder()  # before Gradio is imported

    import gradio as gr
    from fastapi import FastAPI
    from PIL import Image
    from starlette.routing import Mount

    from inpaint.ui import memory
    from inpaint.ui.access.guards import add_guards
    from inpaint.ui.batch.tab import add_batch_tab
    from inpaint.ui.evaluate.tab import add_evaluate_tab
    from inpaint.ui.restore.endpoints import add_endpoints
    from inpaint.ui.restore.routes import MAX_BYTES, make_router
    from inpaint.ui.restore.tab import add_restore_tab
    from inpaint.ui.state import State
    from inpaint.ui.theme import CSS, HEAD, make_theme
    from inpaint.ui.train.tab import add_train_tab
    from inpaint.ui.translations import make_i18n, words

    rooms = {
        "restore": add_restore_tab,
        "batch": add_batch_tab,
        "evaluate": add_evaluate_tab,
        "train": add_train_tab,
    }
    # The app checks the size of every photo itself, before it decodes one.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    state, uploads = State(settings), Uploads(folder)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                state.sweep()
                uploads.sweep()
                await asyncio.to_thread(memory.release)

        uploads.sweep()
        sweeping = asyncio.create_task(sweep())
        yield
        sweeping.cancel()
        state.close()
        uploads.close()

    with gr.Blocks(title="photomend", fill_width=True, delete_cache=(600, TIME_TO_LIVE)) as blocks:
        with gr.Tabs():
            for name, add_tab in rooms.items():
                with gr.Tab(words(f"app_{name}"), id=name):
                    add_tab(state)
        add_endpoints(state)
        if settings.auth is not None:
            gr.Button(words("login_out"), link="logout", size="sm", elem_id="sign-out")
    blocks.max_threads = _MOST_JOBS
    blocks.queue()
    # Only then does Gradio refuse paths that nobody has uploaded; `launch` would set it.
    blocks.has_launched = True

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    add_guards(app, settings, uploads)
    app.include_router(make_router(state))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=settings.root_path,
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
    mounted = next(route.app for route in app.routes if isinstance(route, Mount))
    app.state.end_streams = mounted.stop_event.set
    return app


def launch(settings: Settings = DEFAULTS) -> None:
    """Run the app until Ctrl+C. Port 0 takes any free one.

    InpaintError if the host is unknown or the port is taken.
    """
    listening = _listen(settings.host, settings.port)
    with listening:
        port = listening.getsockname()[1]
        import uvicorn

        from inpaint.ui.access.origins import is_loopback

        app = build(settings)
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=1, server_header=False
        )
        server = uvicorn.Server(config)
        exit_quietly = server.handle_exit

        def handle_exit(*signal: Any) -> None:
            app.state.end_streams()  # of pages that are open: they would never end by themselves
            exit_quietly(*signal)

        server.handle_exit = handle_exit
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
        host = f"[{host}]" if ":" in host else host
        if settings.auth is None and not is_loopback(settings.host):
            print(_OPEN_TO_ALL, file=sys.stderr)
        print(f"photomend runs at http://{host}:{port} (Ctrl+C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def _is_news(record: logging.LogRecord) -> bool:
    """Not that the app's end cuts off somebody who waits for an answer."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, asyncio.CancelledError) or "graceful shutdown" in record.msg)


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
