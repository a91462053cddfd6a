"""The program of the node's own engine: llama.cpp's HTTP server over one model file.

It says `ready ADDRESS` on a line of its own once the model is loaded, and serves until it is stopped. The
server comes from the wheel `xllamacpp`. It is a process apart, so that the gigabytes and the crashes of a
model are not the node's.
"""

import argparse
import os
import sys
import time
from typing import Any

READY = "ready "
"""What the line that tells the address begins with."""
KEY_VARIABLE = "PALAVER_ENGINE_KEY"
"""The key that every request has to carry. In the environment, since other users can read command lines."""
PARENT_CHECK_S = 1.0
LOG_S = 0.5
"""What llama.cpp's log may need until it has written why a model could not be loaded."""


def main() -> None:
    parent = os.getppid()
    options = arguments()
    try:
        server = serving(options)
    except RuntimeError as error:
        time.sleep(LOG_S)  # the reason comes first, in llama.cpp's own words, from a thread of its own
        sys.exit(str(error))
    sys.stdout.write(f"{READY}{server.listening_address}\n")
    sys.stdout.flush()
    while os.getppid() == parent:  # where the system does not end the child of a node that was killed
        time.sleep(PARENT_CHECK_S)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("--name", required=True, help="what the model is called in the API")
    parser.add_argument("--context", type=int, required=True, help="tokens of each slot's window")
    parser.add_argument("--slots", type=int, default=4, help="replies that are generated at once")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def serving(options: argparse.Namespace) -> Any:
    """Load the model, serve it on a free port of this machine and return the server; raises if it cannot."""
    import xllamacpp  # noqa: PLC0415 - an extra; without it this module can still be named

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.name}
    params.port = 0
    # In a window that the slots share, one endless reply breaks off all the others.
    params.n_ctx, params.n_parallel, params.kv_unified = options.context * options.slots, options.slots, False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.cache_ram_mib = 0  # the cache of old prompts would grow to 8 GiB
    params.warmup = False
    params.verbosity = 1  # errors alone
    params.ui = False
    params.cors_origins, params.cors_credentials = "null", False  # as given, any web page could ask it
    key = os.environ.pop(KEY_VARIABLE, "")
    params.api_keys = [key] if key else []
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
