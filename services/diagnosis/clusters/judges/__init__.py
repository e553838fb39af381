"""What diagnosis judges of clusters and disk encryption sets, by subject."""
