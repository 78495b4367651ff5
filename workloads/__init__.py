"""The workloads: data, models, training, registry and serving, each a program that runs by itself."""
