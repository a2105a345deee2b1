"""Checks of what a document says, in layers; `gateway.checks.run.check_batches` runs them over a stream of events.

Beside the schema checks: required parts of events, identifiers, vocabulary, times, and the story of a batch. A check
never changes an event and never stops at one; each finding names the event, its place, the value, what was expected
and a way to repair it.
"""

from __future__ import annotations

from gateway.checks import event_id_rules, json_schema_rules, rules, schema_rules

RULES = (*rules.RULES, *event_id_rules.RULES, *schema_rules.RULES, *json_schema_rules.RULES)
