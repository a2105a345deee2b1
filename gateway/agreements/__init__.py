"""Agreements: who exchanges what with whom, through which channels, and when."""
