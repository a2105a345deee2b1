"""The way of a message: collected, detected, converted, checked, planned, delivered, answered."""
