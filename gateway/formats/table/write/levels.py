"""At which level of the mapping's hierarchy each container stands; EPCs alone do not tell a case from a pallet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from gateway.formats.table.write.told import Node


def order(nodes: Sequence[Node], base: int, top: int, fits: Callable[[Node, int], bool]) -> list[tuple[Node, int]]:
    """The containers with their levels, what holds others before what it holds.

    A container stands one level above the highest thing in it. One of which nobody knows what it holds stands below
    its own container, or else at the lowest level of which all that is told of it can be told.

    Args:
        nodes: the containers.
        base: lowest level at which a container can stand: 0 when it can be a smallest thing, else 1.
        top: highest level.
        fits: whether all that is told of a container can be told at a level.
    """
    heights = [max(base, 1) if node.holds_smallest else base for node in nodes]
    holds = [0] * len(nodes)
    for node in nodes:
        for _, parent in node.links:
            holds[parent.number] += 1
    leaves = {node.number for node in nodes if not holds[node.number] and not node.holds_smallest}
    ready = deque(node for node in nodes if not holds[node.number])
    upwards: list[Node] = []
    while ready:
        node = ready.popleft()
        upwards.append(node)
        for _, parent in node.links:
            heights[parent.number] = max(heights[parent.number], heights[node.number] + 1)
            holds[parent.number] -= 1
            if not holds[parent.number]:
                ready.append(parent)
    _break_circles(nodes, upwards)
    levels = [0] * len(nodes)
    for node in reversed(upwards):
        level = min(heights[node.number], top)
        if node.number in leaves:
            inside = [levels[parent.number] - 1 for _, parent in node.links]
            wanted = [*inside, *range(base, top + 1)]
            level = next((one for one in wanted if base <= one <= top and fits(node, one)), level)
        levels[node.number] = level
    return [(node, levels[node.number]) for node in reversed(upwards)]


def _break_circles(nodes: Sequence[Node], upwards: list[Node]) -> None:
    """Add the containers that hold themselves, directly or through others, as if they held nothing."""
    known = {node.number for node in upwards}
    upwards += [node for node in nodes if node.number not in known]
