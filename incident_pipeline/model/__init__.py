"""What every room shares: frozen dataclasses and the shapes of frames. Imports nothing above, does no I/O."""
