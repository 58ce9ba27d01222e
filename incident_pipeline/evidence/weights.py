"""Every number the judgement rests on, in one place. How they came about: docs/decisions/005-suspects.md."""

from types import MappingProxyType
from typing import Final

# How surely a kind of edit changes what runs.
EDIT: Final = MappingProxyType({
    "formatting": 0.0, "comment": 0.0, "annotation": 0.05, "import": 0.2, "rename": 0.1, "addition": 0.7,
    "removal": 0.9, "rewrite": 0.9, "constant": 1.0, "condition": 1.0, "call": 1.0,
})  # fmt: skip

# What a feature at its full value (1) adds to a commit's log-odds.
FEATURE: Final = MappingProxyType({
    "missing": 7.0,
    "moved_package": 5.0,
    "literal": 4.0,
    "reach": 3.5,
    "frame": 2.5,
    "blame": 2.0,
    "setup": 2.0,
    "near_test": 1.6,
    "words": 1.1,
    "behaviour": 0.8,
    "test_changed": 0.6,
})  # fmt: skip

# Values inside features.
DEPTH_SHARE: Final = 0.75  # each frame further out counts this much of the one before
CLASS_SHARE: Final = 0.5  # an edit of a class body, against one of a method
REACH_FULL: Final = 0.1  # a best reach of less than this weakens them all
MISSING: Final = MappingProxyType({"taken": 1.0, "used_here": 0.35, "used": 0.2, "beside_taken": 0.3})
PACKAGE: Final = MappingProxyType({"decides": 1.0, "named": 0.5})

# Log-odds for "no commit is to blame". Prior: such runs are about one red run in five, whatever the window's size.
PRIOR_NO_COMMIT: Final = 0.2
NO_COMMIT: Final = MappingProxyType({
    "infrastructure": 7.0,
    "infrastructure_weak": 3.0,
    "same_commit_passed": 9.0,
    "failed_again": 2.0,
    "chance": 3.0,
    "chance_in_statement": 1.5,
    "drift": 5.0,
    "drift_unproved": 2.5,
    "drift_beside_commit": 0.3,
})  # fmt: skip

LIKELY: Final = 0.5  # the least probability that a verdict may be called likely with
