"""L-systems and the turtle that draws them.

Prusinkiewicz & Lindenmayer, "The Algorithmic Beauty of Plants" (1990), chapter 1. F grows a
segment, + - pitch, & ^ yaw, / rolls, [ ] branch, L bears leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_registry.adapters.demo.mesh.solids import Points

_ROLL_DEG = 76.0  # between neighbouring branches; no divisor of a full turn, so none align


@dataclass(frozen=True)
class Species:
    """An L-system and how its turtle draws: angles in degrees, lengths in any unit."""

    axiom: str
    rules: Mapping[str, tuple[str, ...]]  # one of the alternatives is drawn at each rewriting
    rounds: int
    angle: float
    step: float
    shrink: float  # of the step at each branching
    radius: float
    leaves_per_tip: int
    leaf_length: float
    leaf_width: float
    droop: float = 0.0  # pull downwards on every segment
    taper: float = 0.95  # of the step after each side branch: the crown narrows upwards


def rewrite(species: Species, rng: np.random.Generator) -> str:
    """Return the L-system's string after its rounds."""
    text = species.axiom
    for _ in range(species.rounds):
        grown = []
        for letter in text:
            choices = species.rules.get(letter)
            grown.append(choices[int(rng.integers(len(choices)))] if choices else letter)
        text = "".join(grown)
    return text


def _rotation(axis: int, degrees: float) -> NDArray[np.float64]:
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    turn = np.eye(3)
    angle = np.radians(degrees)
    turn[a, a] = turn[b, b] = np.cos(angle)
    turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
    return turn


@dataclass
class _Turtle:
    """A place, a frame (columns: side, forward, up), a step length and the branch so far."""

    place: NDArray[np.float64]
    frame: NDArray[np.float64]
    step: float
    depth: int
    path: list[NDArray[np.float64]]


@dataclass
class Skeleton:
    """What the turtle has drawn."""

    branches: list[tuple[Points, int]]  # points along a branch, and its depth of branching
    tips: list[tuple[NDArray[np.float64], NDArray[np.float64]]]  # place and direction of each L


def walk(text: str, species: Species, rng: np.random.Generator) -> Skeleton:
    """Let a turtle draw the string; every turn and step varies a little."""
    skeleton = Skeleton([], [])
    # The frame's second column is the heading; it starts upwards.
    turtle = _Turtle(np.zeros(3), np.eye(3), species.step, 0, [np.zeros(3)])
    stack: list[_Turtle] = []
    turns = {"+": (0, 1), "-": (0, -1), "&": (2, 1), "^": (2, -1)}

    def close(path: list[NDArray[np.float64]], depth: int) -> None:
        if len(path) > 1:
            skeleton.branches.append((np.array(path), depth))

    for letter in text:
        if letter == "F":
            heading = turtle.frame[:, 1] + np.array([0, -species.droop * turtle.depth, 0])
            turtle.place = turtle.place + heading * turtle.step * rng.uniform(0.8, 1.15)
            turtle.path.append(turtle.place)
        elif letter in turns:
            axis, sign = turns[letter]
            degrees = sign * species.angle * rng.uniform(0.75, 1.25)
            turtle.frame = turtle.frame @ _rotation(axis, degrees)
        elif letter == "/":
            turtle.frame = turtle.frame @ _rotation(1, _ROLL_DEG * rng.uniform(0.85, 1.15))
        elif letter == "L":
            skeleton.tips.append((turtle.place, turtle.frame[:, 1]))
        elif letter == "[":
            stack.append(turtle)
            turtle = _Turtle(
                turtle.place, turtle.frame, turtle.step * species.shrink, turtle.depth + 1,
                [turtle.place],
            )  # fmt: skip
        elif letter == "]":
            close(turtle.path, turtle.depth)
            turtle = stack.pop()
            turtle.step *= species.taper
    close(turtle.path, turtle.depth)
    return skeleton
