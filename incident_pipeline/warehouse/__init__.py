"""What is kept, in DuckDB and Parquet: one file a kind of thing on top of `store` (docs/decisions/003-warehouse.md)."""
