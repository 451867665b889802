"""Speech recognisers that run on this machine, each an optional extra: they turn audio into words, and no more."""
