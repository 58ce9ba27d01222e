"""Log adapters. One file each; the file name is the `type` in config/sources.yaml."""
