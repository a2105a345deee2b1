"""The hierarchy inside one document (`gateway.epcis.hierarchy`), where markets look for it."""

from __future__ import annotations

from gateway.epcis.hierarchy import CBV_MDA, CYCLE, RULES, TWO_PARENTS, DocumentHierarchy

__all__ = ["CBV_MDA", "CYCLE", "RULES", "TWO_PARENTS", "DocumentHierarchy"]
