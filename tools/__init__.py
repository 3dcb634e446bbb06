"""What is run beside the package: benchmarks, evidence, drawings. Not part of the wheel."""
