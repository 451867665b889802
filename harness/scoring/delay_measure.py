"""What is measured of a stream's delays, by name; `delay` measures it, and docs/reference/delay.md defines it."""

from __future__ import annotations

from enum import StrEnum


class DelayMeasure(StrEnum):
    """One measure; its name ends in its unit."""

    CURSOR_LAG = "cursor_lag_audio_s"
    FIRST_INTERIM = "first_interim_wall_s"
    FIRST_FINAL = "first_final_wall_s"
    WORD_SHOWN = "word_shown_wall_s"
    WORD_FINAL = "word_final_wall_s"
    END_OF_SPEECH = "end_of_speech_wall_s"
    ENDPOINT_WAIT = "endpoint_wait_audio_s"
    UTTERANCE_END = "utterance_end_wall_s"
    FINALIZE = "finalize_wall_s"
    CLOSE_FINAL = "close_final_wall_s"
    CLOSE_METADATA = "close_metadata_wall_s"
    EAGER_END_OF_TURN = "eager_end_of_turn_wall_s"
    EAGER_END_OF_TURN_WAIT = "eager_end_of_turn_wait_audio_s"
    END_OF_TURN = "end_of_turn_wall_s"
    END_OF_TURN_WAIT = "end_of_turn_wait_audio_s"
