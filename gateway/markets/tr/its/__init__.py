"""Notifications to ITS: composing, checking, sending, asking. PTS stands in the folder above."""
