"""Commands of the project in processes of their own that need not import torch and Gradio first.

One process imports what the commands need and then only forks: each child runs one command as `python ...` would, with
its own arguments, environment and output. What importing says is not in the output: run_cold starts from nothing.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path

from harness import ROOT

TIME_LIMIT_S = 240
IMPORTED = ("explorer.serve", "explorer.train.trainer", "explorer.train.autoencoders", "explorer.hub")


def run_cold(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python ...` in the repository's folder; the arguments are a script's, or -m and a module's."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)


def run_warm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same in a child of a process that has imported what takes long, where there is fork."""
    if sys.platform != "linux":
        return run_cold(*arguments)
    with tempfile.TemporaryDirectory(prefix="warm-start-") as folder:
        order = {"arguments": arguments, "environment": dict(os.environ), "folder": folder}
        parent = _parent()
        print(json.dumps(order), file=parent.stdin, flush=True)
        code = int(parent.stdout.readline())
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
    return subprocess.CompletedProcess(arguments, code, out, err)


@cache
def _parent() -> subprocess.Popen[str]:
    """The process that forks. It ends with this one, which holds the other end of its input."""
    command = [sys.executable, "-m", "tests.support.warm_start"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _next_order() -> dict:
    """In each child, its order. In the parent it does not return: it waits for the child and says how that ended."""
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


def _become(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """Run the command in this process and end it."""
    signal.alarm(TIME_LIMIT_S)
    for number, path, mode in ((0, os.devnull, os.O_RDONLY), (1, "out", os.O_CREAT | os.O_WRONLY),
                               (2, "err", os.O_CREAT | os.O_WRONLY)):  # fmt: skip
        os.dup2(os.open(Path(folder) / path, mode), number)
    os.environ.clear()
    os.environ.update(environment)
    module = arguments[0] == "-m"
    sys.argv = arguments[1:] if module else arguments
    code: object = 1
    try:
        if module:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        _end(code)


def _end(code: object) -> None:
    """End as the interpreter would, but for taking all modules apart, which takes longer than most commands."""
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # children need not look through what is there already
    _become(**_next_order())
