"""Bring a fresh machine to the point where Agon can run; standard library only.

Makes `.venv`, installs the pinned packages and the front end's, and says so while it lasts. Each
part leaves a stamp with the digest of its lists as its very last step: a part without its stamp
is unfinished and is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.embedded.places import REPOSITORY

# What the packages and their downloads take, measured with the CPU build of PyTorch.
NEEDED_BYTES = 3 * 1024**3
# A list with a build for GPUs brings CUDA's libraries along; pip then says itself if space ends.
PROGRESS_EVERY_S = 10.0
OLDEST_NODE = 20

# What pip, npm and venv print when the cause lies outside; each with what to do about it.
CAUSES = [
    (
        ("No space left on device", "ENOSPC", "Errno 28"),
        "the disk is full; free about 3 GB and run the command again",
    ),
    (
        (
            "Failed to establish a new connection",
            "NewConnectionError",
            "Temporary failure in name resolution",
            "Name or service not known",
            "Connection refused",
            "ReadTimeoutError",
            "ConnectTimeoutError",
            "ProxyError",
            "SSLError",
            "ECONNREFUSED",
            "ECONNRESET",
            "ENOTFOUND",
            "ETIMEDOUT",
            "EAI_AGAIN",
            "(from versions: none)",  # every pinned package exists, so the answer was not read
        ),
        (
            "the package index could not be reached; check the network or its settings "
            "(PIP_INDEX_URL, HTTPS_PROXY, npm config) and run the command again"
        ),
    ),
    (
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "a downloaded package is not the one that Agon pins; the index or a proxy altered it",
    ),
    (
        ("No matching distribution found", "Could not find a version"),
        "the package index has no build of a pinned package for this Python and machine",
    ),
]


class SetupFailed(RuntimeError):
    """Set-up stopped; the message says at which step, why and what to do."""


@dataclass(frozen=True)
class Setup:
    """Where set-up reads its lists and puts what it makes."""

    root: Path = REPOSITORY
    with_tests: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def venv(self) -> Path:
        """Return the folder of the virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Return the environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def frontend(self) -> Path:
        """Return the folder of the front end's package list."""
        return self.root / "deploy" / "frontend"

    @property
    def lists(self) -> list[Path]:
        """Return the lists of Python packages, in the order of installing."""
        lists = [
            self.root / "deploy" / "embedded" / "universal-wheels.txt",
            self.root / "requirements.txt",
        ]
        return [*lists, self.root / "tests" / "requirements.txt"] if self.with_tests else lists

    def run(self) -> None:
        """Do what is not done yet. Raises SetupFailed; nothing half-made stays behind."""
        with self._alone():
            for packages in self.lists:
                self._install(packages)
            self._install_frontend()

    def is_complete(self) -> bool:
        """Say whether nothing is left to do."""
        return (
            self.python.exists()
            and all(self._stamp(packages).is_current() for packages in self.lists)
            and self._frontend_stamp.is_current()
        )

    # ── Python ──────────────────────────────────────────────────────────────────────────────

    def _install(self, packages: Path) -> None:
        stamp = self._stamp(packages)
        if self.python.exists() and stamp.is_current():
            return
        is_new = not self.python.exists() or not any(self.venv.glob("*.stamp"))
        if is_new:
            self._make_venv()
        stamp.remove()
        has_digests = "--hash=" in packages.read_text()
        # Compiling every module takes longer than the download; Python compiles what it imports.
        options = ["--no-compile", *(["--require-hashes", "--no-deps"] if has_digests else [])]
        try:
            self._step(
                f"Installing the packages of {packages.relative_to(self.root)}",
                [str(self.python), "-m", "pip", "install", *options, "-r", str(packages)],
            )
        except BaseException:
            if is_new:
                shutil.rmtree(self.venv, ignore_errors=True)
            raise
        stamp.write()

    def _make_venv(self) -> None:
        shutil.rmtree(self.venv, ignore_errors=True)
        free = shutil.disk_usage(self.root).free
        if free < NEEDED_BYTES:
            raise SetupFailed(
                f"{self.root} has {free / 1024**3:.1f} GB free, but the packages need about "
                f"{NEEDED_BYTES / 1024**3:.0f} GB; free some space and run the command again"
            )
        try:
            self._make_venv_somehow()
        except BaseException:
            shutil.rmtree(self.venv, ignore_errors=True)
            raise

    def _make_venv_somehow(self) -> None:
        """Make the environment with venv; without ensurepip (Debian) by what else is there."""
        title = "Making .venv"
        with contextlib.suppress(ImportError):
            import ensurepip  # noqa: F401  # asked only whether it is there
            import venv  # noqa: F401

            self._step(title, [sys.executable, "-m", "venv", str(self.venv)])
            return
        if self._works([sys.executable, "-m", "virtualenv", "--version"]):
            self._step(title, [sys.executable, "-m", "virtualenv", str(self.venv)])
        elif self._works([sys.executable, "-m", "pip", "--version"]):
            self._step(title, [sys.executable, "-m", "venv", "--without-pip", str(self.venv)])
            pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
            self._step("Installing pip into it", [*pip, "install", "pip"])
        else:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise SetupFailed(
                f"this Python has neither ensurepip, virtualenv nor pip, so .venv cannot be made; "
                f"on Debian and Ubuntu run: apt-get install python{version}-venv"
            )

    def _stamp(self, packages: Path) -> Stamp:
        name = str(packages.relative_to(self.root).with_suffix("")).replace("/", "-")
        return Stamp(self.venv / f"{name}.stamp", (packages,))

    # ── the front end ───────────────────────────────────────────────────────────────────────

    @property
    def _frontend_stamp(self) -> Stamp:
        lists = (self.frontend / "package.json", self.frontend / "package-lock.json")
        return Stamp(self.frontend / "node_modules" / ".agon.stamp", lists)

    def _install_frontend(self) -> None:
        stamp = self._frontend_stamp
        if stamp.is_current():
            return
        modules = self.frontend / "node_modules"
        npm, environment = self._find_npm()
        try:
            self._step(
                "Fetching the front end's packages",
                # None of them needs its install script, so none may run one.
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=self.frontend,
                environment=environment,
            )
        except BaseException:
            shutil.rmtree(modules, ignore_errors=True)
            raise
        stamp.write()

    def _find_npm(self) -> tuple[str, Mapping[str, str]]:
        """Return a working npm and its environment: the machine's, else the one in .venv."""
        on_path = self.environment.get("PATH", os.defpath)
        inside = f"{self.venv / 'bin'}{os.pathsep}{on_path}"
        for path in (on_path, inside):
            environment = {**self.environment, "PATH": path}
            npm = shutil.which("npm", path=path)
            node = shutil.which("node", path=path)
            if npm and node and self._is_recent(node) and self._works([npm, "--version"]):
                return npm, environment
        raise SetupFailed(
            f"no npm that works with Node.js {OLDEST_NODE} or newer was found, neither on PATH "
            f"nor in .venv; delete .venv to have it made anew, or install Node.js"
        )

    def _is_recent(self, node: str) -> bool:
        try:
            answer = subprocess.run(
                [node, "--version"], capture_output=True, text=True, check=False, timeout=60
            )
            return int(answer.stdout.removeprefix("v").split(".")[0]) >= OLDEST_NODE
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return False

    def _works(self, command: Sequence[str]) -> bool:
        try:
            return (
                subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
                == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            return False

    # ── doing and telling ───────────────────────────────────────────────────────────────────

    def _step(
        self,
        title: str,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run one long command, show that it lives, and explain its failure in a sentence."""
        shows_itself = sys.stdout.isatty()
        started = time.monotonic()
        print(f"{title} …", flush=True)
        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd or self.root,
                    env=dict(environment or self.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=None if shows_itself else said,
                    stderr=said,
                )
            except OSError as error:
                raise SetupFailed(f"{title}: {command[0]} cannot run: {error.strerror}") from None
            with _ended(process), _progress(title, started, silent=shows_itself):
                status = process.wait()
            said.seek(0)
            words = said.read().decode(errors="replace")
        if status != 0:
            raise SetupFailed(f"{title} failed: {explain(words)}")
        print(f"{title}: done in {time.monotonic() - started:.0f} s", flush=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let a second set-up of the same checkout wait for the first."""
        with (self.root / "requirements.txt").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Another set-up of this checkout is running; waiting for it …", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True)
class Stamp:
    """A file that says which lists a finished part was made from."""

    file: Path
    lists: tuple[Path, ...]

    def digest(self) -> str:
        """Return the digest of the lists as they are now."""
        total = hashlib.sha256()
        for source in self.lists:
            total.update(hashlib.sha256(source.read_bytes()).digest())
        return total.hexdigest()

    def is_current(self) -> bool:
        """Say whether the part is finished and was made from the lists as they are now."""
        try:
            return self.file.read_text() == self.digest()
        except OSError:
            return False

    def remove(self) -> None:
        """Mark the part as unfinished."""
        self.file.unlink(missing_ok=True)

    def write(self) -> None:
        """Mark the part as finished."""
        self.file.write_text(self.digest())


def explain(words: str) -> str:
    """Turn what a tool printed into its cause and what to do, followed by its last lines."""
    last = "\n".join(f"  {line}" for line in words.strip().splitlines()[-6:])
    for signs, cause in CAUSES:
        if any(sign in words for sign in signs):
            return f"{cause}. The tool's last words:\n{last}"
    return f"the tool said:\n{last}"


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the command when we are interrupted, so that nothing goes on behind our back."""
    try:
        yield
    except BaseException:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()
        process.wait()
        raise


@contextlib.contextmanager
def _progress(title: str, started: float, *, silent: bool) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(PROGRESS_EVERY_S):
            print(f"{title} … {time.monotonic() - started:.0f} s", flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    if not silent:
        teller.start()
    try:
        yield
    finally:
        over.set()
        if not silent:
            teller.join()


def enter(arguments: Sequence[str], *, with_tests: bool) -> None:
    """Return inside the complete environment, setting it up and starting anew where needed.

    With AGON_SKIP_SETUP=1 (our container images, and the children of `up`) the interpreter that
    runs is taken as it is.
    """
    if os.environ.get("AGON_SKIP_SETUP") == "1":
        return
    setup = Setup(with_tests=with_tests)
    if not setup.is_complete():
        try:
            setup.run()
        except SetupFailed as failure:
            sys.exit(f"Set-up stopped. {failure}")
        except OSError as error:
            sys.exit(f"Set-up stopped. {explain(str(error))}")
        except KeyboardInterrupt:
            sys.exit("Set-up was interrupted; run the command again to continue.")
    if Path(sys.prefix).resolve() != setup.venv.resolve():
        os.execv(setup.python, [str(setup.python), *arguments])  # noqa: S606  # no shell is meant
