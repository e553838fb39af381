"""Diagnosis of clusters and of the disk encryption sets that their disks use."""
