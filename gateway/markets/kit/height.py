"""How high things are packed: packs are told before the case that holds them, and cases before the pallet."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def height(epc: str, inside: Callable[[str], Iterable[str]], known: dict[str, int]) -> int:
    """Levels that are inside something; 0 for what holds nothing.

    However deep the packing is, and however much is in one container: each is asked for once. What holds itself ends
    at itself.

    Args:
        epc: the thing.
        inside: what is directly in a container.
        known: heights that were found already; takes those of everything that is looked at.
    """
    pending = [epc]
    entered: dict[str, list[str]] = {}
    while pending:
        top = pending[-1]
        if top in known:
            pending.pop()
        elif top not in entered:
            entered[top] = list(inside(top))
            pending += [child for child in entered[top] if child not in known and child not in entered]
        else:
            pending.pop()
            known[top] = max((1 + known.get(child, 0) for child in entered[top]), default=0)
    return known[epc]
