"""Stand-ins that were written apart from the adapters they are used on, with nothing but the standard library."""
