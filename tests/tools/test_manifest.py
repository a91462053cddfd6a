"""Tools that a client pushed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.manifest import MANIFEST_MAX_TOOLS, read_manifest
from tools.schema import problem
from tools.spec import Effect, ToolSpec

PARAMS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def pushed(name: object = "editor.open", **fields: object) -> dict[str, object]:
    return {"name": name, "description": "Open a file.", "params": PARAMS, "sideEffect": False, **fields}


def test_a_whole_tool_is_read_and_runs_at_the_client() -> None:
    specs, problems = read_manifest(
        [pushed(specifierTemplate="{path}", kind="pane", phrases=["open {path}"], core=True)]
    )

    assert problems == ()
    assert specs == (
        ToolSpec(
            name="editor.open",
            description="Open a file.",
            parameters=PARAMS,
            effect=Effect.READ,
            specifier="{path}",
            handler=None,
        ),
    )


@pytest.mark.parametrize("flag", [None, True, 0, "", "false", "no", [], {}])
def test_only_a_literal_false_makes_a_tool_one_that_reads(flag: object) -> None:
    (spec,), _ = read_manifest([pushed(sideEffect=flag)])

    assert spec.effect is Effect.WRITE


def test_a_tool_that_does_not_say_counts_as_one_that_writes() -> None:
    (spec,), _ = read_manifest([{"name": "editor.open"}])

    assert spec.effect is Effect.WRITE
    assert spec.parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("editor.open", "tool number 2: a tool is an object"),
        ({}, "tool number 2: the name"),
        (pushed(7), "tool number 2: the name"),
        (pushed(""), "the name has to be"),
        (pushed("editor open"), "the name has to be"),
        (pushed("editor.open\n"), "the name has to be"),
        (pushed("a" * 129), "the name has to be"),
        (pushed("notes.write"), "the node has a tool of this name"),
        (pushed("first.one"), "taken by an earlier tool"),
        (pushed(description=7), "description has to be text"),
        (pushed(description="x" * 4_001), "description has to be text"),
        (pushed(specifierTemplate="x" * 501), "specifierTemplate has to be text"),
        (pushed(kind=[]), "kind has to be text"),
        (pushed(params="none"), "tool 'editor.open': the schema is not an object"),
        (pushed(params={"type": "array"}), 'type is not "object"'),
    ],
)
def test_a_bad_tool_is_named_and_its_neighbours_are_kept(raw: object, said: str) -> None:
    specs, problems = read_manifest([pushed("first.one"), raw, pushed("last.one")], own_names={"notes.write"})

    assert [spec.name for spec in specs] == ["first.one", "last.one"]
    assert len(problems) == 1
    assert said in problems[0]
    assert len(problems[0]) < 400


def test_more_tools_than_the_limit_are_left_out_and_counted() -> None:
    specs, problems = read_manifest([pushed(f"tool.n{number}") for number in range(MANIFEST_MAX_TOOLS + 3)])

    assert len(specs) == MANIFEST_MAX_TOOLS
    assert "3 tools left out" in problems[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
TOOL = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a.b", "clock.now", "a b"]) | JSON,
        "description": JSON,
        "params": JSON | st.just(PARAMS),
        "sideEffect": JSON,
        "specifierTemplate": JSON,
        "kind": JSON,
    },
)


@given(st.lists(JSON | TOOL, max_size=8))
def test_any_manifest_is_read_to_tools_and_problems_that_account_for_every_entry(raw: list[Any]) -> None:
    specs, problems = read_manifest(raw, own_names={"clock.now"})

    assert len(specs) + len(problems) == len(raw)
    assert len({spec.name for spec in specs}) == len(specs)
    for spec in specs:
        assert spec.name != "clock.now"
        assert spec.handler is None
        assert (spec.core, spec.remote, spec.phrases) == (False, None, ())
        assert problem(spec.parameters) is None


@pytest.mark.parametrize("kind", ["text", "shell", "path"])
def test_a_tool_may_say_what_its_specifier_is(kind: str) -> None:
    ((spec,), problems) = read_manifest([{"name": "a.b", "specifierTemplate": "{x}", "specifierKind": kind}])
    assert (spec.specifier_kind, problems) == (kind, ())


@pytest.mark.parametrize("kind", ["regex", "", None, 7, ["shell"]])
def test_a_kind_of_specifier_that_is_not_known_is_refused(kind: object) -> None:
    specs, (problem,) = read_manifest([{"name": "a.b", "specifierKind": kind}])
    assert specs == ()
    assert "specifierKind" in problem
