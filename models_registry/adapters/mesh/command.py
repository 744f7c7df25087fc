"""Run a local program that writes a mesh to a file: bounded in time, bytes and what it inherits."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models_registry.adapters.contract import Artifact, GenerationError, Progress, Request, Usage
from models_registry.adapters.local import MAX_WORDS, Blank, CannotLoad
from models_registry.adapters.mesh.glb import MAGIC, glb_of_obj
from models_registry.adapters.threads import Emit

LOOK_EVERY_S = 0.5
KEPT_BYTES = 2000  # of what the program says about its errors
FILES = 8  # times `max_bytes`: what a program may write beside its output
# What a program gets of the environment: where things are, never a key or a password.
INHERITED = re.compile(
    r"PATH|HOME|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|PYTHONPATH|VIRTUAL_ENV|OMP_NUM_THREADS|TZ"
    r"|HF_HOME|HF_HUB_CACHE|HF_HUB_OFFLINE|TORCH_HOME|(CUDA|NVIDIA|ROCM|HIP)_[A-Z_]+"
)


class Program:
    """A configured command. Everything that it starts ends with it."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._command: list[str] = config["command"]
        self._format: str = config["format"]
        self._timeout_s: float = config["timeout_s"]
        self._max_bytes: int = config["max_bytes"]
        if shutil.which(self._command[0]) is None:
            raise CannotLoad("there is no such program on the machine that runs it")

    def answer(self, request: Request, parameters: Mapping[str, Any], emit: Emit) -> None:
        """Run the program in a folder of its own and emit the mesh that it wrote."""
        emit(Progress(0.0))
        with tempfile.TemporaryDirectory(prefix="agon-mesh-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            output = folder / f"output.{self._format}"
            prompt, numbers = folder / "prompt.txt", folder / "parameters.json"
            prompt.write_text(request.prompt, "utf-8")
            numbers.write_text(json.dumps(dict(parameters)), "utf-8")
            places = {
                "output": str(output),
                "prompt_file": str(prompt),
                "parameters_file": str(numbers),
                "seed": str(request.seed),
            }
            self._run([_filled(one, places) for one in self._command], folder, emit)
            artifact = self._read(output)
        emit(artifact)
        emit(Progress(1.0))
        emit(Usage())

    def _run(self, command: list[str], folder: Path, emit: Emit) -> None:
        kept = {key: value for key, value in os.environ.items() if INHERITED.fullmatch(key)}
        with (folder / "prompt.txt").open("rb") as words:
            try:
                process = subprocess.Popen(  # noqa: S603 - the operator's own command, no shell
                    command,
                    cwd=folder,
                    env={**kept, "TMPDIR": str(folder)},
                    stdin=words,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError as error:
                message = f"{command[0]!r} cannot be started: {error.strerror}"
                raise GenerationError("not_installed", message, retryable=False) from error
        with process, _last_words(process) as said:
            try:
                self._wait(process, folder, emit)
            finally:
                # The number of a group stays taken as long as one of its processes lives.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
        if status:
            ended = (
                f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            )
            message = f"{command[0]!r} {ended}: {said()}"
            # A signal comes from outside, mostly where memory ran out.
            raise GenerationError("program_failed", message, retryable=status < 0)

    def _wait(self, process: subprocess.Popen[bytes], folder: Path, emit: Emit) -> None:
        """Return once the program has ended. Raises where it may not go on."""
        started = time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
                return
            passed = time.monotonic() - started
            emit(Progress(min(passed / self._timeout_s, 0.99)))  # raises where nobody listens
            if passed > self._timeout_s:
                message = f"{self._command[0]!r} took longer than {self._timeout_s:g} s"
                raise GenerationError("timeout", message, retryable=True)
            if _size(folder) > FILES * self._max_bytes:
                raise self._too_large(folder)

    def _read(self, output: Path) -> Artifact:
        try:
            # A link could lead to any file of this machine.
            with os.fdopen(os.open(output, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                data = file.read(self._max_bytes + 1)
        except OSError as error:
            message = f"{self._command[0]!r} wrote no file to {{output}}"
            raise GenerationError("empty", message, retryable=False) from error
        if len(data) > self._max_bytes:
            raise self._too_large(output)
        try:
            if self._format == "obj":
                return glb_of_obj(data)
        except (Blank, ValueError) as error:
            code = "blank" if isinstance(error, Blank) else "undecodable"
            message = f"{self._command[0]!r} made {error}"
            raise GenerationError(code, message, retryable=False) from error
        if not data.startswith(MAGIC):
            message = f"{self._command[0]!r} wrote no binary glTF, which begins with 'glTF'"
            raise GenerationError("undecodable", message, retryable=False)
        return Artifact(data, "model/gltf-binary")

    def _too_large(self, where: Path) -> GenerationError:
        message = f"{self._command[0]!r} wrote {_size(where)} bytes; 'max_bytes' is less"
        return GenerationError("too_large", message, retryable=False)


def _filled(argument: str, places: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda found: places[found[1]], argument)


def _size(where: Path) -> int:
    files = [where] if where.is_file() else where.rglob("*")
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            total += file.lstat().st_size
    return total


@contextlib.contextmanager
def _last_words(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Read what a program says about its errors; the yielded function returns the end of it."""
    assert process.stderr is not None
    pipe, kept = process.stderr, deque[bytes](maxlen=KEPT_BYTES // 100)

    def read() -> None:
        while piece := os.read(pipe.fileno(), 100):
            kept.append(piece)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def said() -> str:
        reader.join(timeout=5.0)  # a child that left the group may hold the pipe open
        return " ".join(b"".join(kept).decode("utf-8", "replace").split())[-MAX_WORDS:]

    yield said
    reader.join(timeout=5.0)
