"""What the server says on `/v2/listen` (Flux): turns instead of segments, on the audio clock like everything else."""
