"""The bucket resources, and the properties by which others name them."""

BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
IDENTITIES = ("bucket", "id")
