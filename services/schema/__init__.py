"""Pages of docs/ and the JSON Schema that are made from types and checks, so that none goes stale."""
