"""What is said about words: search hits, entities, and who speaks when two channels are mixed into one."""

from __future__ import annotations

from harness.protocol.options import ListenOptions
from harness.protocol.prerecorded import Paragraphs
from mock_server.answer import Submitted, answer
from mock_server.features import entities, search
from mock_server.synthesis import MODEL, MODEL_UUID
from mock_server.timeline import Phrase, from_phrases, spoken

WORDS = spoken("Book a table for two hundred, on Monday. A table!").channels[0]


def test_a_term_is_found_wherever_it_was_said_word_for_word() -> None:
    table, phrase, sofa = search(WORDS, ("Table", "a table", "sofa"))
    assert [(hit.start, hit.end, hit.snippet) for hit in table.hits] == [
        (WORDS[2].start, WORDS[2].end, "table"),
        (WORDS[9].start, WORDS[9].end, "table"),
    ]
    assert [(hit.start, hit.snippet) for hit in phrase.hits] == [
        (WORDS[1].start, "a table"),
        (WORDS[8].start, "a table"),
    ]
    assert (sofa.query, sofa.hits) == ("sofa", ())


def test_runs_of_numbers_and_dates_are_entities() -> None:
    assert [(e.label, e.raw_value, e.start_word, e.end_word) for e in entities(WORDS)] == [
        ("CARDINAL", "two hundred", 4, 6),
        ("DATE", "monday", 7, 8),
    ]
    assert entities(()) == ()


def test_channels_mixed_into_one_are_speakers_of_their_own() -> None:
    talk = from_phrases([Phrase("Good day.", 0, 1, 0), Phrase("Hello.", 1, 2, 1), Phrase("Well?", 2, 3, 0)], 2, 3.0)
    options = ListenOptions(diarize=True, utterances=True, paragraphs=True, punctuate=True)
    results = answer(talk, options, Submitted("0" * 64, 3.0, 2, "", "r" * 36), MODEL, MODEL_UUID).results
    heard = results.channels[0].alternatives[0]
    assert [word.speaker for word in heard.words] == [0, 0, 1, 0]
    assert all(word.speaker_confidence for word in heard.words)
    assert isinstance(results.utterances, tuple)
    assert [utterance.speaker for utterance in results.utterances] == [0, 1, 0]
    assert isinstance(heard.paragraphs, Paragraphs)
    assert [paragraph.speaker for paragraph in heard.paragraphs.paragraphs] == [0, 1, 0]
