"""Speed, memory and accuracy. `python -m benchmarks` runs all of it; each module runs alone too."""
