"""Rules that do nothing: found when they are loaded, so that no owner trusts in one that never holds."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from agent.rules import Rule, Rules, covers, names
from agent.shell.line import parts_of
from agent.shell.syntax import UnreadableLine
from tools.spec import SpecifierKind, ToolSpec


def warnings(rules: Rules, tools: Sequence[ToolSpec]) -> Iterator[str]:
    """Yield one sentence for each rule that can match nothing, or that another rule always goes before."""
    for name, group in (("deny", rules.deny), ("ask", rules.ask), ("allow", rules.allow)):
        for rule in dict.fromkeys(group):
            meant = [tool for tool in tools if names(rule, tool.name)]
            flaw = _flaw(rule, meant, tools) or _shadow(name, meant, rules)
            if flaw:
                yield f"the rule `{name} {rule}` does nothing: {flaw}"


def _flaw(rule: Rule, meant: Sequence[ToolSpec], tools: Sequence[ToolSpec]) -> str | None:
    if not meant:
        near = get_close_matches(rule.tool, [tool.name for tool in tools], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"no tool of the node or of a client that is here now is called {rule.tool}{hint}"
    flaws = [flaw for tool in meant if (flaw := _never_fits(rule, tool))]
    return flaws[0] if len(flaws) == len(meant) else None


def _never_fits(rule: Rule, tool: ToolSpec) -> str | None:
    """Say why the pattern of a rule can fit no call of a tool."""
    pattern = rule.specifier
    if pattern is None or (pattern and not pattern.strip("*")):
        return None
    if pattern and not tool.specifier:
        return f"a call of {tool.name} names nothing that a pattern could fit; write {tool.name} alone"
    if tool.specifier_kind is SpecifierKind.SHELL:
        try:
            several = len(parts_of(pattern)) > 1
        except UnreadableLine:
            return None
        return (
            "a shell line is judged part by part, and this pattern is several; write a rule for each"
            if several
            else None
        )
    if tool.specifier_kind is SpecifierKind.PATH and not pattern:
        return "a path is never empty"
    return None


def _shadow(name: str, meant: Sequence[ToolSpec], rules: Rules) -> str | None:
    """Say which rule always goes before, for every tool that is meant."""
    before = {
        "deny": (),
        "ask": (("deny", rules.deny),),
        "allow": (("deny", rules.deny), ("ask", rules.ask)),
    }[name]
    for earlier, group in before:
        for other in group:
            if all(covers(other, tool.name) for tool in meant):
                return f"`{earlier} {other}` goes before it"
    return None
