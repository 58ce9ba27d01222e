"""Replays the failing command on commits of the window, to prove which one did it. Runs the repository's own code."""
