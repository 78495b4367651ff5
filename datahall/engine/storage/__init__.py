"""Where stacks are kept: whole pieces by name, in a folder or in a bucket of S3."""
