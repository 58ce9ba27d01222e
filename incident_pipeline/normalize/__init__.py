"""Text in, text out: terminal codes and secrets off, times read, lines masked to templates. Pure."""
