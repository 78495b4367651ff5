"""Manifests: a training as what Kubernetes is given, for a node pool of the site."""
