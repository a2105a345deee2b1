"""Heights of what is packed."""

from __future__ import annotations

from gateway.markets.kit.height import height


def test_heights_of_a_tree_and_of_what_holds_itself() -> None:
    inside = {"pallet": ["case", "pack 3"], "case": ["pack 1", "pack 2"], "a": ["b"], "b": ["a"], "self": ["self"]}
    known: dict[str, int] = {}
    assert height("pallet", lambda epc: inside.get(epc, ()), known) == 2
    assert known == {"pallet": 2, "case": 1, "pack 1": 0, "pack 2": 0, "pack 3": 0}
    assert height("a", lambda epc: inside.get(epc, ()), known) == 2
    assert height("self", lambda epc: inside.get(epc, ()), known) == 1


def test_depth_ends_no_stack_and_each_container_is_asked_for_once() -> None:
    deep: list[str] = []

    def below(epc: str) -> list[str]:
        deep.append(epc)
        return [str(int(epc) + 1)] if int(epc) < 50_000 else []

    assert height("0", below, {}) == 50_000
    wide: list[str] = []

    def beside(epc: str) -> list[str]:
        wide.append(epc)
        return [str(number) for number in range(50_000)] if epc == "top" else []

    assert height("top", beside, {}) == 1
    assert (len(deep), len(wide)) == (50_001, 50_001)
