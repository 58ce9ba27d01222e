"""Pure: logs and commits in, findings, suspects and a verdict out. No I/O, no clock, no randomness.

It is asked twice: `find.find_failure` (which lines), then, once flow has gathered blame and files at head for the
places that `places.places` names, `judge.judge` (which commit, if any).
"""
