"""`python -m emulator --port N`: run the endpoint until interrupted."""

import argparse
import signal
import threading

from emulator.server import Emulator


def main() -> None:
    """Start the server, print its URL as the only line of output, and wait."""
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Emulator(arguments.host, arguments.port) as emulator:
        print(emulator.url, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
