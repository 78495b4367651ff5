"""Data: read, checked, versioned by content and kept in the site's data bucket."""
