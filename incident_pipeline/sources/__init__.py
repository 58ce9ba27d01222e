"""Where logs and commits come from: `base` is the contract, `registry` finds an adapter by its file name."""
