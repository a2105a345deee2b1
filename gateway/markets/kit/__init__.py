"""What markets share: identifiers, dates, grouping, expanding, splitting, needs, checks, code tables, answers, ids.

Pure functions and values. Nothing here knows a particular regulator; markets know the kit and never each other.
"""
