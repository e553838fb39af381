"""What a plan costs a month, from Azure's retail prices."""
