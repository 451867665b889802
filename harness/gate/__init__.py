"""The gate: is a new run worse than the one before? Pure: two baselines in, one `GateResult` out."""
