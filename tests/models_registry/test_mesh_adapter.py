"""The mesh adapter runs a tiny Shap-E through its real loading code, and real local programs."""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import trimesh

from models_registry.adapters import make_adapter
from models_registry.adapters.contract import (
    Artifact,
    Event,
    GenerationError,
    Progress,
    Request,
    Usage,
)
from models_registry.adapters.local import Blank
from models_registry.adapters.mesh.adapter import MeshAdapter
from models_registry.adapters.mesh.glb import glb_artifact, glb_of_obj
from tests.models_registry import tiny

# Of numpy, for how diffusers makes the scheduler of Shap-E.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WAIT_S = 60.0
# Writes a box as large as its seed; what the rest of a test adds comes first.
BOX = """
import json, os, sys, time
output, prompt, parameters, seed = sys.argv[1:]
assert open(prompt, encoding="utf-8").read() == sys.stdin.read() == "--help, a box"
assert json.load(open(parameters)) == {"size": 2}
"""
WRITE = "import trimesh\ntrimesh.creation.box([int(seed)] * 3).export(output)\n"


@asynccontextmanager
async def loaded(config: dict[str, Any]) -> AsyncIterator[MeshAdapter]:
    adapter = MeshAdapter(config)
    await adapter.load()
    try:
        yield adapter
    finally:
        await adapter.unload()


def asked(config: dict[str, Any], *requests: Request) -> list[list[Event]]:
    async def story() -> list[list[Event]]:
        async with loaded(config) as adapter:
            return [[event async for event in adapter.generate(one)] for one in requests]

    return asyncio.run(story())


def artifact_of(events: list[Event]) -> Artifact:
    (artifact,) = [event for event in events if isinstance(event, Artifact)]
    return artifact


def read(artifact: Artifact) -> Any:
    assert artifact.media_type == "model/gltf-binary"
    return trimesh.load(io.BytesIO(artifact.data), file_type="glb", force="mesh")


# --- local programs --------------------------------------------------------------------------


def program(text: str, **changes: Any) -> dict[str, Any]:
    places = ["{output}", "{prompt_file}", "{parameters_file}", "{seed}"]
    return {"kind": "command", "command": [sys.executable, "-c", BOX + text, *places], **changes}


def boxed(config: dict[str, Any]) -> list[Event]:
    return asked(config, Request("--help, a box", 3, {"size": 2}))[0]


def refused(config: dict[str, Any]) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        boxed(config)
    return caught.value


@pytest.mark.parametrize("kind", ["glb", "obj"])
def test_a_program_gets_the_request_and_its_mesh_comes_back(kind: str) -> None:
    events = boxed(program(WRITE, format=kind))
    assert events[0] == Progress(0.0)
    assert events[-2:] == [Progress(1.0), Usage()]
    mesh = read(artifact_of(events))
    assert len(mesh.faces) == 12
    assert np.allclose(mesh.extents, 3.0)


def test_a_program_sees_no_secret_and_works_in_a_folder_that_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("PROVIDER_API_KEY", "s3cret")
    seen = tmp_path / "seen"
    note = (
        "assert not any('s3cret' in value for value in os.environ.values())\n"
        f"open({str(seen)!r}, 'w').write(os.getcwd() + '\\n' + os.environ['TMPDIR'])\n"
    )
    boxed(program(note + WRITE))
    folder, temporary = seen.read_text().split("\n")
    assert folder == temporary
    assert not Path(folder).exists()


def test_a_program_that_fails_is_quoted() -> None:
    error = refused(program("sys.exit('no room for a box')"))
    assert (error.code, error.retryable) == ("program_failed", False)
    assert "ended with status 1: no room for a box" in str(error)


def test_a_program_that_was_killed_may_be_run_again() -> None:
    error = refused(program("os.kill(os.getpid(), 9)"))
    assert (error.code, error.retryable) == ("program_failed", True)
    assert "ended by signal 9" in str(error)


@pytest.mark.parametrize(
    ("text", "changes", "code"),
    [
        ("", {}, "empty"),
        ("os.symlink('/etc/hostname', output)", {}, "empty"),
        ("os.mkdir(output)", {}, "empty"),
        ("open(output, 'w').write('<html>')", {}, "undecodable"),
        ("open(output, 'w').write('v 1 2')", {"format": "obj"}, "undecodable"),
        ("open(output, 'w').write('# nothing')", {"format": "obj"}, "blank"),
        ("open(output, 'w').write('x' * 200)", {"max_bytes": 100}, "too_large"),
        ("open('side', 'w').write('x' * 900); time.sleep(3600)", {"max_bytes": 100}, "too_large"),
        ("sys.stderr.write('x' * 10**6); sys.exit(1)", {}, "program_failed"),
    ],
)
def test_each_unusable_end_of_a_program_has_its_code(
    text: str, changes: dict[str, Any], code: str
) -> None:
    error = refused(program(text, **changes))
    assert (error.code, error.retryable) == (code, False)
    assert len(str(error)) < 1000


def children_gone(marks: Path) -> bool:
    numbers = [int(number) for number in marks.read_text().split()]
    assert len(numbers) == 2
    alive = [number for number in numbers if psutil.pid_exists(number)]
    return all(psutil.Process(number).status() == psutil.STATUS_ZOMBIE for number in alive)


def lasting(marks: Path) -> str:
    """Return a program that starts another one, notes both and stays."""
    return (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
        f"open({str(marks)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(marks)!r} + '.new', {str(marks)!r})\n"
        "time.sleep(3600)\n"
    )


def wait_until_gone(marks: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while not children_gone(marks):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_program_out_of_time_ends_with_all_that_it_started(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    error = refused(program(lasting(marks), timeout_s=8.0))
    assert (error.code, error.retryable) == ("timeout", True)
    wait_until_gone(marks)


@pytest.mark.parametrize("way", ["close", "cancel"])
def test_leaving_early_ends_the_program_with_all_that_it_started(tmp_path: Path, way: str) -> None:
    marks = tmp_path / "marks"

    async def story() -> None:
        async with loaded(program(lasting(marks))) as adapter:
            events = adapter.generate(Request("--help, a box", 3, {"size": 2}))
            async for _ in events:
                if marks.exists():
                    break
            if way == "close":
                await events.aclose()
            else:
                reading = asyncio.create_task(anext(events))  # type: ignore[arg-type]
                await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait([reading])
                await events.aclose()

    asyncio.run(story())
    wait_until_gone(marks)


def test_what_a_program_left_running_ends_with_it(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    boxed(program(lasting(marks).replace("time.sleep(3600)\n", "") + WRITE))
    wait_until_gone(marks)


def test_a_program_that_is_not_there_is_said_to_be_missing() -> None:
    error = refused({"kind": "command", "command": ["no-such-program", "{output}"]})
    assert (error.code, error.retryable) == ("load_failed", False)
    assert "'no-such-program' cannot be loaded: there is no such program" in str(error)


# --- Shap-E ----------------------------------------------------------------------------------


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("diffusers", reason="the worker of such models installs it")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def sculptor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_shap_e(tmp_path_factory.mktemp("sculptor"))


def pipeline(folder: Path, **changes: Any) -> dict[str, Any]:
    return {"kind": "pipeline", "model": str(folder), "grid_size": 12, **changes}


@pytest.mark.usefixtures("_offline")
def test_a_pipeline_makes_a_coloured_mesh_that_its_seed_decides(sculptor: Path) -> None:
    requests = [Request("a chair", seed, {"steps": 2}) for seed in (1, 1, 2)]
    events, again, other = asked(pipeline(sculptor), *requests)
    mesh = read(artifact_of(events))
    assert len(mesh.faces) > 10
    assert mesh.visual.kind == "vertex"
    assert np.abs(mesh.vertices).max() <= 1.5
    assert any(0 < event.fraction < 1 for event in events if isinstance(event, Progress))
    assert artifact_of(events) == artifact_of(again)
    assert artifact_of(events) != artifact_of(other)


@pytest.mark.usefixtures("_offline")
def test_a_mesh_without_a_surface_is_blank(tmp_path: Path) -> None:
    folder = tiny.save_shap_e(tmp_path, is_empty=True)
    with pytest.raises(GenerationError) as caught:
        asked(pipeline(folder), Request("a chair", 1, {"steps": 2}))
    assert (caught.value.code, caught.value.retryable) == ("blank", False)
    assert "a mesh without a triangle, twice with the same seed" in str(caught.value)


# --- meshes ----------------------------------------------------------------------------------


def test_what_is_no_surface_is_blank() -> None:
    corners, face = np.eye(3), np.array([[0, 1, 2]])
    assert len(read(glb_artifact(corners, face)).faces) == 1
    for vertices, faces in (
        (corners, np.zeros((0, 3), int)),
        (np.full((3, 3), np.nan), face),
        (np.ones((3, 3)), face),
    ):
        with pytest.raises(Blank):
            glb_artifact(vertices, faces)


def test_an_obj_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.mtl").write_text("newmtl a\nKd 1 0 0\n")
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    lines = f"mtllib {tmp_path / 'secret.mtl'}\n{corners}usemtl a\nf 1 2 3\n"
    assert b"Kd" not in glb_of_obj(lines.encode()).data
    coloured = "v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 1 0 0\nf 1 2 3\n"
    colours = read(glb_of_obj(coloured.encode())).visual.vertex_colors
    assert (colours[:, :3] == [255, 0, 0]).all()


# --- the configuration -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "needs 'kind'"),
        ({"kind": "http"}, "'kind' is 'http'; use one of pipeline, command"),
        ({"kind": "pipeline"}, "needs 'model'"),
        ({"kind": "pipeline", "model": "a/b"}, "needs 'revision'"),
        ({"kind": "pipeline", "model": "/w", "grid_size": 4}, "'grid_size' is 4"),
        ({"kind": "command"}, "needs 'command'"),
        ({"kind": "command", "command": "a {output}"}, "'command' is 'a {output}'"),
        ({"kind": "command", "command": ["a"]}, "'command' has no {output}"),
        ({"kind": "command", "command": ["a", "{output}", "{prompt}"]}, "use {prompt_file}"),
        ({"kind": "command", "command": ["a", "{output}", "{sed}"]}, "'command' has {sed}"),
        ({"kind": "command", "command": ["{output}"]}, "begin with the program"),
        ({"kind": "command", "command": ["a", "{output}"], "shell": True}, "no key 'shell'"),
        ({"kind": "command", "command": ["a", "{output}"], "format": "ply"}, "'format' is 'ply'"),
    ],
)
def test_configuration_mistakes_name_the_key(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make_adapter("mesh", config)
    assert said in str(refusal.value)


def test_one_mesh_at_a_time_is_declared() -> None:
    adapter = make_adapter("mesh", {"kind": "pipeline", "model": "a/b", "revision": COMMIT})
    found = adapter.capabilities()
    assert (found.modality, found.streams, found.concurrency) == ("mesh", False, 1)
