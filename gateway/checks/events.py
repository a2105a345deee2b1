"""Required parts of each event type and action (EPCIS 2.0, clause 7.4; JSON Schema and XML Schema where they agree)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway.checks import rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis import events as epcis
from gateway.epcis.alike import Group
from gateway.epcis.events import Event, QuantityElement

ACTIONS: Final = frozenset(("ADD", "OBSERVE", "DELETE"))

# JSON may write 1E3; a writer of XML writes it without exponent.
_DECIMAL: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"\+?\d+", re.ASCII)
_UOM: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)


def checker(scope: Scope) -> Checker:
    """The check of one event, for `gateway.checks.run`."""

    def check(event: Event) -> None:
        own = _BY_TYPE.get(type(event))
        if own is not None:
            own(event, scope)
        if event.read_point is not None and not event.read_point.id:
            _empty(scope, "readPoint/id")
        if event.biz_location is not None and not event.biz_location.id:
            _empty(scope, "bizLocation/id")
        if event.biz_transaction_list or event.source_list or event.destination_list:
            _lists(event, scope)
        if event.error_declaration is not None or event.persistent_disposition is not None:
            _rare_parts(event, scope)

    return Checker(check, _quiet)


def _quiet(group: Group) -> bool:
    """Whether the objects of events alike to a good one stand in them once, and none contains itself."""
    if not all(group.lists) or "" in group.parents:
        return False
    objects = set(group.objects)
    if len(objects) == len(group.objects) and objects.isdisjoint(group.parents):
        return True
    # The same object may well stand in two events.
    once = all(len(set(epcs)) == len(epcs) for epcs in group.lists)
    return once and not any(parent in epcs for parent, epcs in zip(group.parents, group.lists, strict=False))


def _object(event: epcis.ObjectEvent, scope: Scope) -> None:
    _action(event.action, scope)
    epcs, quantities = event.epc_list, event.quantity_list
    if epcs:
        _unique(epcs, "epcList/epc", scope)
    elif not quantities and not (event.sensor_element_list and event.read_point is not None):
        expected = "EPCs, quantities, or sensor data with a readPoint"
        scope.report(rules.OBJECTS_MISSING, f"the ObjectEvent has no {expected}", path="epcList", expected=expected)
    if quantities:
        _quantities(quantities, "quantityList", scope)
    if event.ilmd and event.action != "ADD":
        text = f"ilmd stands in an ObjectEvent with the action {event.action}"
        scope.report(rules.ILMD_MISPLACED, text, path="ilmd", value=event.action, expected="action ADD")


def _aggregation(event: epcis.AggregationEvent | epcis.AssociationEvent, scope: Scope) -> None:
    _action(event.action, scope)
    children, quantities, parent = event.child_epcs, event.child_quantity_list, event.parent_id
    if not parent and (event.action != "OBSERVE" or isinstance(event, epcis.AssociationEvent)):
        text = f"the {event.type} with the action {event.action} has no parentID"
        scope.report(rules.PARENT_MISSING, text, path="parentID", expected="the identifier of the container")
    if children:
        _unique(children, "childEPCs/epc", scope)
        if parent and parent in children:
            path = f"childEPCs/epc[{children.index(parent) + 1}]"
            text = f"the parent {parent} stands among its own children"
            scope.report(rules.PARENT_IS_CHILD, text, path=path, value=parent)
    elif not quantities and event.action != "DELETE":
        text = f"the {event.type} with the action {event.action} has no children"
        scope.report(rules.OBJECTS_MISSING, text, path="childEPCs", expected="child EPCs or child quantities")
    if quantities:
        _quantities(quantities, "childQuantityList", scope)


def _transaction(event: epcis.TransactionEvent, scope: Scope) -> None:
    _action(event.action, scope)
    if not event.biz_transaction_list:
        text = "the TransactionEvent has no business transaction"
        expected = "at least one bizTransaction"
        scope.report(rules.DOCUMENTS_MISSING, text, path="bizTransactionList", expected=expected)
    if event.epc_list:
        _unique(event.epc_list, "epcList/epc", scope)
    elif not event.quantity_list and not event.parent_id and event.action != "DELETE":
        text = f"the TransactionEvent with the action {event.action} has no objects"
        scope.report(rules.OBJECTS_MISSING, text, path="epcList", expected="EPCs, quantities or a parentID")
    if event.quantity_list:
        _quantities(event.quantity_list, "quantityList", scope)


def _transformation(event: epcis.TransformationEvent, scope: Scope) -> None:
    inputs = bool(event.input_epc_list or event.input_quantity_list)
    outputs = bool(event.output_epc_list or event.output_quantity_list)
    if not (inputs and outputs) and not (event.transformation_id and (inputs or outputs)):
        missing = "inputs" if outputs else "outputs" if inputs else "inputs and outputs"
        text = f"the TransformationEvent has no {missing}"
        expected = "inputs and outputs, or a transformationID with one of them"
        path = "outputEPCList" if inputs else "inputEPCList"
        scope.report(rules.OBJECTS_MISSING, text, path=path, expected=expected)
    if event.input_epc_list:
        _unique(event.input_epc_list, "inputEPCList/epc", scope)
    if event.output_epc_list:
        _unique(event.output_epc_list, "outputEPCList/epc", scope)
    if event.input_quantity_list:
        _quantities(event.input_quantity_list, "inputQuantityList", scope)
    if event.output_quantity_list:
        _quantities(event.output_quantity_list, "outputQuantityList", scope)


def _quantity_event(event: epcis.QuantityEvent, scope: Scope) -> None:
    if not event.epc_class:
        _empty(scope, "epcClass")
    if not _WHOLE.fullmatch(event.quantity):
        text = f"the quantity {event.quantity!r} is not a whole number"
        scope.report(rules.QUANTITY_FORM, text, path="quantity", value=event.quantity, expected="a whole number")


_BY_TYPE: Final[dict[type[Event], Callable[[Any, Scope], None]]] = {
    epcis.ObjectEvent: _object,
    epcis.AggregationEvent: _aggregation,
    epcis.AssociationEvent: _aggregation,
    epcis.TransactionEvent: _transaction,
    epcis.TransformationEvent: _transformation,
    epcis.QuantityEvent: _quantity_event,
}


def _action(action: str, scope: Scope) -> None:
    if action not in ACTIONS:
        text = f"the action is {action!r}" if action else "the event has no action"
        scope.report(rules.ACTION, text, path="action", value=action, expected="ADD, OBSERVE or DELETE")


def _unique(epcs: Sequence[str], path: str, scope: Scope) -> None:
    if len(set(epcs)) == len(epcs):
        return
    first: dict[str, int] = {}
    for at, epc in enumerate(epcs, 1):
        if epc in first:
            text = f"{epc} stands in the list twice, as number {first[epc]} and {at}"
            scope.report(rules.REPEATED_EPC, text, path=f"{path}[{at}]", value=epc, expected="each EPC once")
        else:
            first[epc] = at


def _quantities(quantities: Sequence[QuantityElement], path: str, scope: Scope) -> None:
    for at, item in enumerate(quantities, 1):
        place = f"{path}/quantityElement[{at}]"
        if not item.epc_class:
            _empty(scope, f"{place}/epcClass")
        if item.quantity is None:
            if item.uom is not None:
                text = f"the unit of measure {item.uom!r} has no quantity"
                scope.report(rules.UOM_ALONE, text, path=f"{place}/uom", value=item.uom)
        elif not _DECIMAL.fullmatch(item.quantity) or item.quantity.startswith("-"):
            text = f"the quantity {item.quantity!r} is not a decimal number from 0"
            expected = "a decimal number, e.g. 12.5"
            scope.report(rules.QUANTITY_FORM, text, path=f"{place}/quantity", value=item.quantity, expected=expected)
        if item.uom is not None and not _UOM.fullmatch(item.uom):
            text = f"the unit of measure {item.uom!r} is not a code of UN/ECE Recommendation 20"
            scope.report(rules.UOM_FORM, text, path=f"{place}/uom", value=item.uom, expected="e.g. KGM")


def _lists(event: Event, scope: Scope) -> None:
    for at, transaction in enumerate(event.biz_transaction_list or (), 1):
        if not transaction.id:
            _empty(scope, f"bizTransactionList/bizTransaction[{at}]")
    for parties, name in ((event.source_list, "source"), (event.destination_list, "destination")):
        for at, party in enumerate(parties or (), 1):
            if not party.id:
                _empty(scope, f"{name}List/{name}[{at}]")
            if not party.type:
                _empty(scope, f"{name}List/{name}[{at}]/@type")


def _rare_parts(event: Event, scope: Scope) -> None:
    declaration, persistent = event.error_declaration, event.persistent_disposition
    if declaration is not None and not declaration.declaration_time:
        text = "the error declaration has no declarationTime"
        scope.report(rules.DECLARATION_TIME, text, path="errorDeclaration/declarationTime", expected="a time")
    if persistent is not None:
        for value in sorted(set(persistent.set).intersection(persistent.unset)):
            text = f"the persistent disposition {value!r} is set and unset"
            scope.report(rules.DISPOSITION_BOTH, text, path="persistentDisposition", value=value)


def _empty(scope: Scope, path: str) -> None:
    name = path.rpartition("/")[2].rstrip("]0123456789").rstrip("[")
    scope.report(rules.VALUE_EMPTY, f"{name} is empty", path=path, expected="a value")
