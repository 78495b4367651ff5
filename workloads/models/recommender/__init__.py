"""Two towers, users' and items', that meet in one space; trained by sampled softmax, searched by an index."""
