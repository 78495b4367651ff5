"""The workloads' training as a job of the Slurm that the playbooks made."""
