"""Questions with their answers, and questions that have none: knowledge.jsonl of a folder, or made ones.

Of each answer's questions, in their order, one in four goes to calibration and one to the test; of those
without an answer, every other.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from workloads.data.content import AGAIN, Content, once
from workloads.data.support_made import KNOWN, UNKNOWN
from workloads.errors import CorruptDataError, InvalidInputError

TRAIN, CALIBRATION, TEST = "train.jsonl", "calibration.jsonl", "test.jsonl"

MADE = "made: a shop's questions and answers, written for this project"
PREPARATION = "of each answer's questions half known, a quarter for calibration, a quarter held out"

_PLACES = (TRAIN, TRAIN, CALIBRATION, TEST)
_FIX = 'write each line as {"question": "...", "answer": "..."}, with null where there is no answer'

Asked = tuple[str, str | None]
"""A question, and its answer; None where it must be refused."""


def made() -> Content:
    """A shop's questions and answers: few, and the same anywhere."""
    known: list[Asked] = [(question, answer) for answer, questions in KNOWN for question in questions]
    return to_content([*known, *((question, None) for question in UNKNOWN)])


def folder(source: Path) -> Content:
    """What is in `source`/knowledge.jsonl; raises InvalidInputError or CorruptDataError."""
    path = source / "knowledge.jsonl"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        rule = f"must hold knowledge.jsonl in UTF-8 ({error})"
        raise InvalidInputError("--source", source, rule, "give a folder with that file") from None
    return to_content(_parse(text, path.name))


def to_content(asked: list[Asked]) -> Content:
    """The questions, divided; raises InvalidInputError where a held-out part lacks a kind of question."""
    parts: dict[str, list[Asked]] = {TRAIN: [], CALIBRATION: [], TEST: []}
    seen: defaultdict[str | None, int] = defaultdict(int)
    kept, left_out = once(asked)
    for question, answer in kept:
        places = _PLACES if answer else (CALIBRATION, TEST)
        parts[places[seen[answer] % len(places)]].append((question, answer))
        seen[answer] += 1
    answers = len(seen.keys() - {None})
    held_out = [{answer is None for _, answer in parts[name]} for name in (CALIBRATION, TEST)]
    if answers < 2 or any(kinds != {True, False} for kinds in held_out):
        rule = "must have two answers, four questions to one of them, and two questions without an answer"
        raise InvalidInputError("--source", f"{len(asked)} questions", rule, "give more questions")
    files = {
        name: "".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in part).encode()
        for name, part in parts.items()
    }
    counts = {"train": len(parts[TRAIN]), "test": len(parts[TEST]), "calibration": len(parts[CALIBRATION])}
    return Content(files, {**counts, "answers": answers, **left_out})


def read_asked(files: Mapping[str, bytes], name: str) -> list[Asked]:
    """The questions of one part; raises CorruptDataError naming file and line."""
    if name not in files:
        rule = "must be a data set of questions and answers, with this file"
        raise CorruptDataError("--data", name, rule, "take support-made or support")
    asked = _parse(files[name].decode(errors="replace"), name)
    if not asked:
        raise CorruptDataError(name, "empty", "must hold at least one question", AGAIN)
    return asked


def read_parts(files: Mapping[str, bytes]) -> tuple[list[Asked], list[Asked], list[Asked]]:
    """What is known, what calibrates and what judges; raises CorruptDataError where they do not go together.

    What is known has answers; the others have questions to these, and questions without an answer.
    """
    known, *held_out = (read_asked(files, name) for name in (TRAIN, CALIBRATION, TEST))
    answers = {answer for _, answer in known}
    if None in answers:
        question = next(question for question, answer in known if answer is None)
        raise CorruptDataError(TRAIN, question, "must have an answer to each question", AGAIN)
    for name, part in zip((CALIBRATION, TEST), held_out, strict=True):
        found = {answer for _, answer in part}
        for answer in found - answers - {None}:
            rule = f"must be one of the {len(answers)} answers of {TRAIN}"
            raise CorruptDataError(name, answer, rule, AGAIN)
        if None not in found or found == {None}:
            rule = "must hold questions with an answer and questions without one"
            raise CorruptDataError(name, f"{len(part)} questions", rule, AGAIN)
    return known, held_out[0], held_out[1]


def _parse(text: str, name: str) -> list[Asked]:
    found: list[Asked] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            question, answer = entry["question"], entry["answer"]
        except (ValueError, KeyError, TypeError):
            question = answer = ""
        texts = [question] if answer is None else [question, answer]
        if not all(isinstance(part, str) and part.strip() for part in texts):
            raise CorruptDataError(f"{name} line {number}", line, "must be a question with its answer", _FIX)
        found.append((question, answer))
    return found
