"""The sandbox: what a child cannot do, and how each of its ends is told."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from arena.common.sandbox import MIB, ChildFailed, Limits, Sandbox, SandboxUnavailable, client

HOSTILE = "tests.arena.common.hostile"
ROOMY = Limits(memory_bytes=256 * MIB, cpu_s=20, result_bytes=MIB)
REFUSED = {"EPERM", "EACCES", "EMFILE"}
WAIT_S = 60.0

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One server of children for all tests here."""
    made = Sandbox()
    yield made
    made.stop()


def tried(sandbox: Sandbox, work: str, limits: Limits = ROOMY, **options: Any) -> dict[str, Any]:
    """Return what hostile work says that it could do."""
    return sandbox.run(f"{HOSTILE}:{work}", b"", options, limits).facts


def refusal(sandbox: Sandbox, work: str, limits: Limits = ROOMY, **options: Any) -> ChildFailed:
    """Return why hostile work made nothing; afterwards the sandbox still works."""
    with pytest.raises(ChildFailed) as raised:
        sandbox.run(f"{HOSTILE}:{work}", b"", options, limits)
    assert tried(sandbox, "echo", still="there")["still"] == "there"
    return raised.value


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    """Say whether a process is there; one that has ended and was not fetched is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_bytes_and_options_come_back(sandbox: Sandbox) -> None:
    data = os.urandom(3 * MIB)
    answer = sandbox.run(f"{HOSTILE}:echo", data, {"word": "é"}, Limits(256 * MIB, 20, 4 * MIB))
    assert answer.data == data
    assert answer.facts["word"] == "é"
    assert answer.facts["pid"] != os.getpid()
    assert answer.ending.status == 0
    assert answer.ending.peak_bytes > MIB


def test_a_child_opens_no_socket(sandbox: Sandbox) -> None:
    assert set(tried(sandbox, "reach_out").values()) <= REFUSED


def test_a_child_has_no_secret_in_its_environment_and_reads_none_from_anywhere(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_TOKEN", "a token of an engine")
    own = Sandbox()  # started while the variable is set
    seen = tried(own, "environment")["environment"]
    own.stop()
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(os.environ)
    assert set(seen) <= {*client._ENVIRONMENT, *client._LINKER_VARIABLES, "PYTHONPATH"}

    key = tmp_path / "secret_key"
    key.write_text("a key on the disk")
    key.chmod(0o644)
    server = sandbox.zygote().process.pid
    paths = [str(key), __file__, "/etc/passwd", "/proc/self/environ", "/proc/self/mem"]
    paths += [f"/proc/{pid}/{name}" for pid in (os.getpid(), server) for name in ("environ", "mem")]
    assert set(tried(sandbox, "read_files", paths=paths).values()) <= REFUSED


@linux_only
def test_the_server_of_children_has_no_secret_either(sandbox: Sandbox) -> None:
    tried(sandbox, "echo")
    environment = Path(f"/proc/{sandbox.zygote().process.pid}/environ").read_bytes()
    assert b"PYTHONPATH=" in environment
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STORAGE_URL"):
        assert name.encode() not in environment
        assert os.environ[name].encode() not in environment


def test_a_child_writes_and_removes_no_file(sandbox: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("words")
    tmp_path.chmod(0o777)
    assert set(tried(sandbox, "write_files", path=str(kept)).values()) <= REFUSED
    assert kept.read_text() == "words"


def test_a_child_runs_no_program_and_touches_no_other_process(sandbox: Sandbox) -> None:
    assert set(tried(sandbox, "start_programs", pid=os.getpid()).values()) <= REFUSED


def test_a_child_holds_its_one_socket_and_nothing_else(sandbox: Sandbox) -> None:
    assert tried(sandbox, "open_descriptors")["held"] == [0, 1, 2]


def test_a_child_cannot_allocate_past_its_limit(sandbox: Sandbox) -> None:
    assert tried(sandbox, "allocate", bytes=100 * MIB)["bytes"] == 100 * MIB
    error = refusal(sandbox, "allocate", bytes=300 * MIB)
    assert error.code == "out_of_memory"
    assert "more than 256 MiB" in error.message


@pytest.mark.parametrize("work", ["count_for_ever", "shield"])
def test_a_child_cannot_compute_past_its_limit(sandbox: Sandbox, work: str) -> None:
    error = refusal(sandbox, work, Limits(64 * MIB, 1, MIB))
    assert error.code == "out_of_time"
    assert "more than 1 s" in error.message


def test_a_child_cannot_wait_past_its_limit(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "sleep_for_ever", Limits(64 * MIB, 1, MIB)).code == "out_of_time"


def test_a_fall_of_the_child_leaves_the_worker_alive(sandbox: Sandbox) -> None:
    error = refusal(sandbox, "fall")
    assert error.code == "crashed"
    assert "SIGSEGV" in error.message
    assert "exit status 3" in refusal(sandbox, "leave", status=3).message
    assert "nonsense" in refusal(sandbox, "leave", status=0).message


def test_what_a_child_says_of_an_error_is_one_short_line(sandbox: Sandbox) -> None:
    error = refusal(sandbox, "raise_something")
    assert error.code == "crashed"
    assert error.message.isprintable()
    assert len(error.message) < 600


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        struct.pack("<IQ", 0, 0),
        struct.pack("<IQ", 2**32 - 1, 0),
        struct.pack("<IQ", 2, 2**63) + b"{}",
        struct.pack("<IQ", 2, 0) + b"[]",
        struct.pack("<IQ", 50_000, 0) + b"[" * 50_000,
        struct.pack("<IQ", 9, 0) + b"no json!!",
        struct.pack("<IQ", 2, 100) + b"{}too few",
    ],
)
def test_an_answer_that_is_none_is_refused(sandbox: Sandbox, answer: bytes) -> None:
    with pytest.raises(ChildFailed) as raised:
        sandbox.run(f"{HOSTILE}:answer_raw", answer, {}, ROOMY)
    assert raised.value.code == "crashed"


def test_an_answer_that_is_too_long_is_refused(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "flood", bytes=MIB + 1).code == "crashed"


def test_an_import_that_comes_too_late_is_told(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    error = refusal(sandbox, "import_late")
    assert error.code == "crashed"
    assert "colorsys" in caplog.text


@linux_only
def test_two_hundred_outputs_leave_no_process_and_no_descriptor(sandbox: Sandbox) -> None:
    tried(sandbox, "echo")
    server = sandbox.zygote().process.pid

    def held() -> tuple[int, ...]:
        return tuple(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), server))

    before = held()
    with ThreadPoolExecutor(4) as threads:
        pids = list(threads.map(lambda n: tried(sandbox, "echo", n=n)["pid"], range(200)))
    assert len(set(pids)) > 100  # a process of its own for each; numbers may come again
    assert sandbox.zygote().process.pid == server
    assert held() == before
    assert children_of(server) == []


@linux_only
def test_a_killed_server_is_replaced_and_its_work_done_again(sandbox: Sandbox) -> None:
    first = sandbox.zygote()
    tried(sandbox, "echo")
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(tried, sandbox, "sleep", seconds=1)
        wait_until(lambda: bool(children_of(first.process.pid)))
        child = children_of(first.process.pid)[0]
        first.process.kill()
        assert answer.result(WAIT_S) == {}
    assert sandbox.zygote().process.pid != first.process.pid
    wait_until(lambda: not lives(child))
    sandbox.zygote().process.kill()
    assert tried(sandbox, "echo", n=1)["n"] == 1


def test_a_server_that_never_starts_is_no_fault_of_the_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client.sys, "executable", "/bin/false")
    broken = Sandbox()
    with pytest.raises(SandboxUnavailable):
        broken.run(f"{HOSTILE}:echo", b"", {}, ROOMY)
    broken.stop()


@linux_only
def test_nothing_outlives_a_killed_worker() -> None:
    script = (
        "import os, threading, time\n"
        "from arena.common.sandbox.client import Sandbox\n"
        "from tests.arena.common import test_sandbox as here\n"
        "made = Sandbox()\n"
        "work = (f'{here.HOSTILE}:sleep_for_ever', b'', {}, here.ROOMY)\n"
        "threading.Thread(target=made.run, args=work).start()\n"
        "server = made.zygote().process.pid\n"
        "here.tried(made, 'echo')\n"
        "here.wait_until(lambda: bool(here.children_of(server)))\n"
        "print(server, *here.children_of(server), flush=True)\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=client.REPOSITORY
    )
    assert worker.stdout is not None
    with worker.stdout:
        pids = [int(pid) for pid in worker.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(lives, pids))
    worker.kill()
    worker.wait()
    wait_until(lambda: not any(map(lives, pids)))


def test_a_forked_process_has_a_server_of_its_own_and_leaves_the_other_alone() -> None:
    script = (
        "import os\n"
        "from arena.common.sandbox.client import Sandbox\n"
        "from tests.arena.common import test_sandbox as here\n"
        "made = Sandbox()\n"
        "first = made.zygote().process.pid\n"
        "assert here.tried(made, 'echo', n=1)['n'] == 1\n"
        "pid = os.fork()\n"
        "assert here.tried(made, 'echo', n=2)['n'] == 2\n"
        "assert (made.zygote().process.pid == first) == (pid != 0)\n"
        "if pid: assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0\n"
        "assert here.tried(made, 'echo', n=3)['n'] == 3\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=client.REPOSITORY)


async def test_outputs_are_made_safe_side_by_side(sandbox: Sandbox) -> None:
    work, options = f"{HOSTILE}:sleep", {"seconds": 0.05}
    answers = await asyncio.gather(*(sandbox.arun(work, b"", options, ROOMY) for _ in range(8)))
    assert [answer.ending.status for answer in answers] == [0] * 8


def test_threads_that_come_first_together_share_one_server() -> None:
    made, servers = Sandbox(), set()
    barrier = threading.Barrier(4)

    def first(_: int) -> None:
        barrier.wait()
        tried(made, "echo")
        servers.add(made.zygote().process.pid)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(first, range(4)))
    made.stop()
    assert len(servers) == 1


def test_without_the_filter_of_calls_the_limits_still_refuse_files_and_sockets() -> None:
    script = (
        "import errno, os, socket\n"
        "from arena.common.sandbox import confinement\n"
        "from arena.common.sandbox.limits import MIB, Limits\n"
        "confinement._filter_calls = lambda: False\n"
        "missing = confinement.confine(Limits(64 * MIB, 5, 0), parent=os.getppid())\n"
        "os.write(1, ','.join(missing).encode())\n"
        "for attempt in (socket.socket, lambda: os.open('/etc/passwd', 0), os.pipe, os.fork):\n"
        "    try: attempt()\n"
        "    except OSError as error: os.write(1, f' {errno.errorcode[error.errno]}'.encode())\n"
        "    else: os.write(1, b' done')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=client.REPOSITORY, capture_output=True
    )
    assert answer.stdout.startswith(b"filter of system calls")
    assert answer.stdout.split()[-4:] == [b"EMFILE", b"EMFILE", b"EMFILE", b"EAGAIN"]


def test_what_a_machine_cannot_give_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    client._report(["network namespace"])
    assert "no network namespace" in caplog.text
    assert caplog.records[0].levelname == "WARNING"


@linux_only
def test_this_machine_gives_the_filter_of_system_calls(sandbox: Sandbox) -> None:
    missing = sandbox.zygote().missing_protections()
    assert set(missing) <= {"network namespace"}
