"""A judged incident in, one checked Report and its four renderings out. Pure: no clock, no I/O."""
