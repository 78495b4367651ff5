"""Training: data parallel by torchrun, resumable, the same result for the same seed."""
