"""Names and messages are anybody's: whatever they say, a comment stays what it is."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.changes.engine_run import Change, EngineRun, Ignored, Operation, Outcome, Violation
from tee_infra.core.cost.resource import TABLE
from tee_infra.core.review.comment import LIMIT, render
from tee_infra.core.review.facts import Review, marker

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ANYTHING = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<!-- tee-infra:tee-infra/prod -->",
            "\n\n# @everyone | `x` |\n| --- |",
            "</details><img src=x onerror=alert(1)>",
            "[log](https://evil.example) ![](https://evil.example/pixel.png)",
            "a\\|b\\\\|c",
            "```\n@acme/admins #1 GH-1 http://evil.example www.evil.example",
        ]
    ),
)
TYPES = st.one_of(ANYTHING, st.just(TABLE))
changes = st.builds(
    Change,
    operation=st.sampled_from(Operation.__args__),
    outcome=st.sampled_from(Outcome.__args__),
    type=TYPES,
    name=ANYTHING,
    urn=ANYTHING,
    differences=st.dictionaries(ANYTHING, st.sampled_from(["add", "update-replace"]), max_size=12),
)
plans = st.builds(
    EngineRun,
    changes=st.lists(changes, max_size=15).map(tuple),
    violations=st.lists(
        st.builds(
            Violation, pack=ANYTHING, policy=ANYTHING, message=ANYTHING, mandatory=st.booleans(), resource=ANYTHING
        ),
        max_size=3,
    ).map(tuple),
    ignored=st.lists(
        st.builds(Ignored, name=ANYTHING, urn=ANYTHING, paths=st.lists(ANYTHING, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    packs=st.dictionaries(ANYTHING, ANYTHING, max_size=2),
)
every_review = st.builds(
    Review,
    project=st.just("tee-infra"),
    environment=st.just("dev"),
    action=st.sampled_from(["preview", "up"]),
    run=plans,
    now=st.just(NOW),
    problems=st.lists(ANYTHING, max_size=3).map(tuple),
    commit=st.one_of(st.none(), ANYTHING),
    run_url=st.one_of(st.none(), ANYTHING),
)

OURS = re.compile(r"</?(code|details|summary|b|sub)>|<br>|&nbsp;|&#\d+;")


@given(every_review)
def test_whatever_names_and_messages_say_nothing_breaks_out(review: Review) -> None:
    comment = render(review)
    first, *rest = comment.split("\n")
    assert first == marker("tee-infra", "dev")
    text = OURS.sub("", "\n".join(rest))
    assert "<" not in text
    assert "`" not in text
    assert not re.search(r"@|#\d|://|www\.|!\[", text.replace("](https://", "]("), re.IGNORECASE)


@given(every_review)
def test_tables_stay_tables(review: Review) -> None:
    lines = render(review).split("\n")
    for number, line in enumerate(lines):
        if re.fullmatch(r"\|( --- \|)+", line):
            columns = line.count("|")
            rows = iter(lines[number + 1 :])
            assert lines[number - 1].count("|") == columns
            for entry in rows:
                if not entry:
                    break
                assert entry.startswith("| ")
                assert entry.count("|") == columns


@pytest.mark.parametrize(
    ("operation", "failed", "name"),
    [("replace", False, "role"), ("update", False, "😀" * 300), ("create", False, "|" * 300), ("create", True, "role")],
)
def test_ten_thousand_changes_fit_and_are_counted(operation: Operation, failed: bool, name: str) -> None:
    changes = tuple(
        Change(
            operation=operation,
            type=TABLE,
            name=f"{name}-{number}",
            urn=str(number),
            differences=dict.fromkeys((f"globalSecondaryIndexes[{index}]" for index in range(12)), "update-replace"),
            outcome="done" if failed else "planned",
        )
        for number in range(10_000)
    )
    problems = ("x" * 5000, "y") if failed else ()
    comment = render(
        Review(project="p", environment="dev", action="up", run=EngineRun(changes=changes), now=NOW, problems=problems)
    )
    assert len(comment) <= LIMIT
    assert len(comment.encode()) < 65_536
    assert re.search(r"… and [\d,]+ more", comment)
    assert comment.endswith(("</sub>\n", "</details>\n"))
