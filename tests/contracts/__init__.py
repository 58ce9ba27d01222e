"""Vendors' own API descriptions, read where they lie, and requests held against them."""
