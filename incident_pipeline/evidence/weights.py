"""Every number the judgement rests on, in one place. How they came about: docs/decisions/005-suspects.md."""

from types import MappingProxyType
from typing import Final

# How surely a kind of edit changes what runs.
EDIT: Final = MappingProxyType({
    "formatting": 0.0, "comment": 0.0, "annotation": 0.05, "rename": 0.1, "import": 0.2, "argument": 0.3,
    "addition": 0.7, "removal": 0.9, "rewrite": 0.9, "constant": 1.0, "condition": 1.0, "call": 1.0,
})  # fmt: skip

# What a feature at its full value (1) adds to a commit's log-odds.
FEATURE: Final = MappingProxyType({
    "missing": 8.0,
    "moved_package": 7.0,
    "literal": 4.0,
    "reach": 3.5,
    "frame": 2.5,
    "blame": 1.2,
    "setup": 2.0,
    "near_test": 1.8,
    "words": 1.5,
    "behaviour": 0.8,
    "test_changed": 0.6,
})  # fmt: skip

# Values inside features.
DEPTH_SHARE: Final = 0.75  # each frame further out counts this much of the one before
CLASS_SHARE: Final = 0.7  # an edit of a class body or between definitions, against one of a method
REACH_FULL: Final = 0.1  # a best reach of less than this weakens them all
REACH_POWER: Final = 0.5  # how far reach counts: less than in proportion, since names are only a guess at calls
LEAST_OWN: Final = 0.2  # a word of a failing test's name that passing ones share
FAR_SHARE: Final = 0.2  # words of a failing test far above the line where it stopped
QUERY: Final = MappingProxyType(
    {"messages": 0.5, "tests": 5.0}
)  # weight of a word in the error, of one of the tests' own
ENOUGH_WORDS: Final = 3  # shared words that count in full
MISSING: Final = MappingProxyType({"taken": 1.0, "used_here": 0.35, "used": 0.2, "beside_taken": 0.3})
OTHERS_SETTINGS: Final = 0.4  # settings that the failing tool does not read, against its own
PACKAGE: Final = MappingProxyType({"raised": 1.0, "decides": 0.72, "named": 0.36})

# Log-odds for "no commit is to blame". Prior: such runs are about one red run in five, whatever the window's size.
PRIOR_NO_COMMIT: Final = 0.2
NO_COMMIT: Final = MappingProxyType({
    "infrastructure": 7.0,
    "infrastructure_weak": 3.0,
    "local": 0.5,
    "same_commit_passed": 9.0,
    "failed_again": 2.0,
    "chance": 3.0,
    "chance_in_statement": 2.5,
    "drift": 5.0,
    "drift_unproved": 2.5,
    "drift_beside_commit": 0.3,
})  # fmt: skip

# Log-odds of a guilty commit that is not in the window: it may be incomplete; or all its commits are beside the point.
UNSEEN: Final = MappingProxyType({"incomplete": 0.0, "older": 2.0})

LIKELY: Final = 0.5  # the least probability that a verdict may be called likely with
