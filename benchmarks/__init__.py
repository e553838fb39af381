"""Each benchmark prints the ratio of a figure to a baseline measured in the same run."""
