"""What the policy pack found, told as a user's mistakes."""

from datahall.review import as_mistakes, tally

URN = "urn:pulumi:local::datahall::aws:efs/fileSystem:FileSystem::shared"


def finding(message: str, *, enforcement: str = "mandatory", outcome: str = "violation") -> dict[str, str]:
    return {
        "policy": "require-efs-encryption",
        "enforcement": enforcement,
        "severity": "medium",
        "urn": URN,
        "message": message,
        "outcome": outcome,
    }


def test_a_violation_names_property_value_rule_and_fix() -> None:
    mistake = as_mistakes([finding("EFS file systems are encrypted.\nencrypted is False: set it to True")])
    assert mistake is not None
    assert (mistake.field, mistake.value, mistake.fix) == ("shared.encrypted", "False", "set it to True")
    assert mistake.rule == "policy require-efs-encryption: EFS file systems are encrypted."


def test_a_violation_in_other_words_is_told_as_it_is() -> None:
    mistake = as_mistakes([finding("no file systems here"), finding("none at all")])
    assert mistake is not None
    assert (mistake.field, mistake.value) == ("shared", URN)
    assert mistake.fix == "no file systems here"
    assert [other.fix for other in mistake.others] == ["none at all"]


def test_advice_and_what_is_not_known_refuse_nothing() -> None:
    found = [finding("a", enforcement="advisory"), finding("b", outcome="not_judged")]
    assert as_mistakes(found) is None
    assert tally(found) == "no violations, 1 advice, 1 judged only once created"
    assert tally([*found, finding("c")]).startswith("1 violation,")
