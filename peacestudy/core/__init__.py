"""Ground floor: problems, schema, tables, countries, codebook, cases, frame, ledger, display."""
