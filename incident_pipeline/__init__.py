"""incident-responder: which lines explain a failure and which commit did it, with proof."""

__version__ = "0.1.0"
