"""From raw records to a data set: collect, clean, deduplicate, mask, label, shard, publish."""
