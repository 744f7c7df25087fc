"""What `up` started keeps running, and what cannot run is said loudly and stopped."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deploy.embedded.processes import Child
from deploy.embedded.supervisor import ChildFailed, Supervisor

SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); "
    "time.sleep(600)"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", textwrap.dedent(code)]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def eventually(condition, timeout_s: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    kept = Supervisor(tmp_path, said.append, restart_delays_s=(0.05,), most_failures=3)
    yield kept
    kept.stop()


def test_a_killed_child_is_started_again(supervisor, said):
    supervisor.start(Child("sleeper", python(SLEEPER)))
    first = supervisor.pids["sleeper"]
    os.kill(first, signal.SIGKILL)
    supervisor.watch(until=lambda: any("runs again" in line for line in said))
    assert supervisor.pids["sleeper"] != first
    assert is_alive(supervisor.pids["sleeper"])
    assert "sleeper was ended by SIGKILL; starting it again in 0.05 s" in said


def test_a_child_that_keeps_dying_ends_the_run_with_its_last_words(supervisor):
    # It lives just long enough to be seen as started.
    supervisor.start(Child("brittle", python("import time; time.sleep(0.1); raise SystemExit(3)")))
    with pytest.raises(ChildFailed, match="brittle exited with status 3 4 times in a row"):
        supervisor.watch()


def test_a_child_that_fails_at_its_first_start_is_told_with_what_it_wrote(supervisor):
    child = Child("hopeless", python("raise SystemExit('no such table')"), is_ready=lambda: False)
    with pytest.raises(ChildFailed, match="no such table"):
        supervisor.start(child)


def test_a_child_that_never_answers_is_given_up(supervisor):
    child = Child("mute", python(SLEEPER), is_ready=lambda: False)
    with pytest.raises(ChildFailed, match="mute did not answer within 0 s"):
        supervisor.start(child, ready_timeout_s=0.3)


def test_while_a_service_is_down_the_failures_of_its_users_do_not_count(tmp_path, said):
    supervisor = Supervisor(tmp_path, said.append, restart_delays_s=(0.05,), most_failures=2)
    down = tmp_path / "down"
    user = f"import os, time; time.sleep(0.05); os.path.exists({str(down)!r}) and os._exit(1)"
    service = Child("service", python(SLEEPER), tier=0, is_ready=lambda: not down.exists())
    supervisor.start(service)
    supervisor.start(Child("user", python(user + "; time.sleep(600)"), tier=1))
    down.touch()
    os.kill(supervisor.pids["service"], signal.SIGKILL)
    os.kill(supervisor.pids["user"], signal.SIGKILL)
    supervisor.watch(until=lambda: sum("user" in line for line in said) > 6)
    down.unlink()
    supervisor.watch(until=lambda: any("user runs again" in line for line in said))
    assert eventually(lambda: is_alive(supervisor.pids["user"]))
    supervisor.stop()


def test_children_stop_in_reverse_order_of_their_tiers(supervisor, tmp_path):
    order = tmp_path / "order"
    noting = """
        import signal, sys, time
        def leave(*_):
            open(sys.argv[1], "a").write(sys.argv[2] + " ")
            sys.exit()
        signal.signal(signal.SIGTERM, leave)
        open(sys.argv[1] + "." + sys.argv[2], "w").close()
        time.sleep(600)
    """
    for tier, name in enumerate(["database", "broker", "web"]):
        mark = tmp_path / f"order.{name}"
        argv = [*python(noting), str(order), name]
        supervisor.start(Child(name, argv, tier=tier, is_ready=mark.exists))
    supervisor.stop()
    assert order.read_text().split() == ["web", "broker", "database"]


def test_a_child_that_ignores_the_request_is_ended_by_force_after_its_limit(supervisor, said):
    supervisor.start(Child("deaf", python(STUBBORN), stop_timeout_s=0.3))
    time.sleep(0.3)
    pid = supervisor.pids["deaf"]
    started = time.monotonic()
    supervisor.stop()
    assert not is_alive(pid)
    assert time.monotonic() - started < 5
    assert "deaf did not stop by itself and is ended by force" in said


def test_what_a_child_started_goes_when_the_child_goes(supervisor, tmp_path):
    note = tmp_path / "grandchild"
    code = f"""
        import subprocess, sys, time
        grandchild = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        open({str(note)!r}, "w").write(str(grandchild.pid) + ".")
        time.sleep(600)
    """
    written = lambda: note.exists() and note.read_text().endswith(".")  # noqa: E731
    supervisor.start(Child("pool", python(code), is_ready=written))
    grandchild = int(note.read_text().rstrip("."))
    supervisor.stop()
    assert eventually(lambda: not is_alive(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG exists on Linux only")
@pytest.mark.parametrize("program", [SLEEPER, STUBBORN], ids=["willing", "stubborn"])
def test_children_end_when_the_supervisor_itself_is_killed(tmp_path, program):
    note = tmp_path / "pid"
    code = f"""
        import sys, time
        from pathlib import Path
        from deploy.embedded.processes import Child
        from deploy.embedded.supervisor import Supervisor
        keeper = Supervisor(Path({str(tmp_path)!r}), print)
        keeper.start(Child("sleeper", [sys.executable, "-S", "-c", {program!r}]))
        Path({str(note)!r}).write_text(str(keeper.pids["sleeper"]) + ".")
        keeper.watch()
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    assert eventually(lambda: note.exists() and note.read_text().endswith("."))
    child = int(note.read_text().rstrip("."))
    assert is_alive(child)
    process.kill()
    process.wait()
    assert eventually(lambda: not is_alive(child))


def test_a_request_to_stop_ends_the_watch(supervisor):
    with supervisor.signals():
        supervisor.start(Child("sleeper", python(SLEEPER)))
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.watch()
        assert supervisor.is_stopping
