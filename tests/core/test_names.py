"""Run ids sort by time and fit the layout; names are friendly; no seed changes either."""

from __future__ import annotations

import random
import re
import time

from epochal.layout import check_run_id
from epochal.names import new_run_id, new_run_name
from epochal.words import ADJECTIVES, NOUNS


def test_an_id_can_be_used_as_a_run_id() -> None:
    assert re.fullmatch(r"\d{8}t\d{9}-[0-9a-z]{8}", check_run_id(new_run_id()))


def test_ids_sort_by_the_time_at_which_they_were_made() -> None:
    first = new_run_id()
    time.sleep(0.003)
    assert first < new_run_id()


def test_ids_and_names_do_not_repeat_when_the_seed_does() -> None:
    drawn = []
    for _ in range(2):
        random.seed(0)
        drawn.append((new_run_id()[-8:], *(new_run_name() for _ in range(3))))
    assert drawn[0] != drawn[1]


def test_drawing_a_name_does_not_disturb_the_random_numbers_of_a_training() -> None:
    random.seed(7)
    expected = random.getstate()
    new_run_name(), new_run_id()
    assert random.getstate() == expected


def test_a_name_is_adjective_noun_number() -> None:
    for _ in range(200):
        adjective, noun, number = new_run_name().split("-")
        assert adjective in ADJECTIVES
        assert noun in NOUNS
        assert 1 <= int(number) <= 99


def test_there_are_enough_words_and_none_twice() -> None:
    assert len(set(ADJECTIVES)) == len(ADJECTIVES) >= 150
    assert len(set(NOUNS)) == len(NOUNS) >= 150
    assert all(re.fullmatch(r"[a-z]{2,11}", word) for word in ADJECTIVES + NOUNS)
