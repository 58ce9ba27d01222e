"""The commands, one file each; `main` joins them. Answers go to stdout, all else to stderr."""
