"""One event of the model as a JSON object, legal by the EPCIS 2.0 JSON Schema wherever the event allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.epcis import vocabulary
from gateway.epcis.document import Header
from gateway.epcis.element import Element
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    Party,
    PersistentDisposition,
    QuantityElement,
    QuantityEvent,
    SensorElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.vocabulary import Field, Style
from gateway.findings import LossRule, Outcome, Rule
from gateway.formats.base import Context
from gateway.formats.epcis_json import losses, names, rules
from gateway.formats.epcis_json.element_xml import to_xml
from gateway.formats.epcis_json.number import written
from gateway.formats.epcis_json.prefixes import Prefixes
from gateway.formats.epcis_json.say import Say
from gateway.formats.epcis_json.tree_to_json import Tree, attribute_value, take_types
from gateway.formats.epcis_json.write_times import times

