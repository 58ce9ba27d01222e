"""The features by the names that weights.FEATURE gives them. Each is pure: a dossier in, a signal a commit out, 0..1.

A commit's place in the window and its age are not features.
"""

from collections.abc import Mapping
from types import MappingProxyType

from incident_pipeline.evidence import features_code as code
from incident_pipeline.evidence import features_setup, features_words
from incident_pipeline.evidence.proof import Feature

FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "missing": features_words.missing,
        "literal": features_words.literal,
        "moved_package": features_setup.moved_package,
        "reach": code.reach,
        "frame": code.frame,
        "blame": code.blame,
        "words": features_words.words,
        "near_test": code.near_test,
        "test_changed": code.test_changed,
        "setup": features_setup.setup,
        "behaviour": code.behaviour,
    }
)
