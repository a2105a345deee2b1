"""The ledger: what came, what became of it and who did what; tables, the only ways to write them, and questions."""
