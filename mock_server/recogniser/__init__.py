"""Answers any audio with what an engine hears in it: the counterpart of `replay`, for audio that nobody recorded."""
