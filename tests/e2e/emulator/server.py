"""The HTTP server: one thread a request, started and stopped from a test."""

from __future__ import annotations

import threading

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from emulator.application import Application


class _QuietHandler(MotoRequestHandler):
    """Without a line on stderr for each request; kept-alive connections."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: `GET /_emulator/calls` tells what was called."""


class Emulator:
    """A running endpoint. moto's state is one per process, so run only one."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._application = Application()
        self._server: BaseWSGIServer = make_server(
            host, port, self._application, threaded=True, request_handler=_QuietHandler
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"

    def start(self) -> Emulator:
        """Serve in the background."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Release hanging requests and close the port."""
        self._application.faults.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
