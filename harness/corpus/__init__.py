"""Many files at once: what there is to do, the work on one file, who does it, and a folder that keeps what was done."""
