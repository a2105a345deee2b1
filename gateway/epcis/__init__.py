"""The canonical model: the EPCIS 2.0 information model, with every value kept verbatim as text.

Every format is a reader into this model, a writer out of it, or both. There is no code from one format to
another.
"""
