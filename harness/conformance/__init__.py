"""The judge: what either side of a recorded session did wrong, by rules that each name their source."""
