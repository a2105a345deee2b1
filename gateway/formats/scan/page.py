"""A page: its picture, the words of its text layer, and places on it in millimetres."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")

MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in millimetres from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether the point is inside."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom

    def same(self, other: Box) -> bool:
        """Whether both are about the same thing: the middle of one lies in the other."""
        return self.holds(other.centre) or other.holds(self.centre)

    def at_least(self, side: float) -> Box:
        """The same place, no side shorter than `side`."""
        x, y = max(side - self.width, 0) / 2, max(side - self.height, 0) / 2
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)

    def __str__(self) -> str:
        x, y = self.centre
        return f"{x:.0f} x {y:.0f} mm"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text layer."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        number: counted from 1.
        image: the picture, grey (mode ``L``); None when its text was all that was wanted.
        dpi: dots per inch of the picture, across and down.
        words: the words of the text layer, where they were wanted.
    """

    number: int
    image: Image.Image | None
    dpi: tuple[float, float]
    words: tuple[Word, ...] = ()


def in_reading_order(things: Iterable[T], box: Callable[[T], Box], angle: float = 0.0) -> list[list[T]]:
    """Things in rows from top to bottom, each from left to right.

    Args:
        things: what is to be ordered.
        box: the place of a thing.
        angle: by how many degrees the page is turned clockwise.
    """
    sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    placed = []
    for thing in things:
        x, y = box(thing).centre
        placed.append((y * cos - x * sin, x * cos + y * sin, thing))
    placed.sort(key=lambda entry: entry[:2])
    rows: list[list[tuple[float, float, T]]] = []
    for entry in placed:
        # A thing whose middle lies within the first half of another stands beside it, not below.
        if rows and entry[0] - rows[-1][0][0] <= box(rows[-1][0][2]).height / 2:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return [[thing for _, _, thing in sorted(row, key=lambda entry: entry[1])] for row in rows]


def middle(values: Sequence[float]) -> float:
    """The median, 0 when there are none."""
    return sorted(values)[len(values) // 2] if values else 0.0
