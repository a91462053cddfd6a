import pytest

from agent.nudge import READ_MAX_CHARS, called_by_name, reads_like_a_call
from tests.mission import requirement

NAMES = ("open_pane", "files.read", "agent.ask_peer", "search", "list_open_panes")


@requirement("B10")
@pytest.mark.parametrize(
    "text",
    [
        "I'll call open_pane.",
        "I will call `open_pane` with id notes",
        "I\N{RIGHT SINGLE QUOTATION MARK}ll use open_pane now.",
        "Sure! Let me call files.read to see what is in it.",
        "I'm going to use the agent_ask_peer tool.",
        "I need to call agent__ask_peer first.",
        "Calling list_open_panes...",
        "I'll open the notes pane for you.",
        "Let me read the file first.",
        "I'll use the search tool.",
        "I am going to ask the peer Bob.",
        '{"name": "open_pane", "arguments": {"id": "notes"}}',
        'Here you go:\n```json\n{"tool": "files.read", "path": "a.txt"}\n```',
        '{"function" : "files.read"}',
        "open_pane(id='notes')",
        '```\nfiles.read({"path": "a"})\n```',
        '<tool_call>{"name": "whatever"}</tool_call>',
        '[TOOL_CALLS] [{"name": "x"}]',
    ],
)
def test_an_announced_or_printed_call_reads_like_one(text: str) -> None:
    assert reads_like_a_call(text, NAMES)


@requirement("B11")
@pytest.mark.parametrize(
    "text",
    [
        "Paris.",
        "",
        "Hello! How can I help you today?",
        "I'll be happy to help.",
        "Let me know if I should open a pane.",
        "I opened the notes pane.",
        "The open_pane tool opens a pane by its id.",
        "You can use files.read to look at a file.",
        "I called open_pane and it worked.",
        "I'll search for it.",
        "Let me think about your open question.",
        "I will remember that. The pane is open.",
        'The JSON is {"name": "Anna", "age": 3}.',
        "Should I call somebody?",
        "I'll use reopen_panes next week.",
        "A peer can ask me to open things.",
    ],
)
def test_a_plain_reply_stays_a_reply(text: str) -> None:
    assert not reads_like_a_call(text, NAMES)


@requirement("B10")
@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("I'll call files.read now.", "files.read"),
        ("Let me call list_open_panes.", "list_open_panes"),
        ("I will use the `agent_ask_peer` tool to ask.", "agent.ask_peer"),
        ("Sure. I'll use the search tool.", "search"),
        ("I'll call openPane.", "openPane"),
        ('{"name": "files.read", "arguments": {"path": "a"}}', "files.read"),
        ("`files_read(path='a')`", "files.read"),
    ],
)
def test_a_call_of_a_tool_out_of_view_is_known_by_the_tools_name(text: str, tool: str) -> None:
    assert called_by_name(text, [*NAMES, "openPane"]) == tool


@requirement("B11")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "I'll read the file for you.",
        "Let me show you how to split and move things.",
        "I will call show business by its name.",
        "I'll use search, then move on.",
        "I'm going to use the right tool for that.",
        "files.read opens a file, and open_pane a pane.",
        'Here is the object: {"name": "search", "kind": "tool"}.',
        "Write this:\n```python\nopen_pane(id='notes')\n```",
        "I'll use reopen_panes and files.reader.",
    ],
)
def test_ordinary_words_never_read_like_a_call_of_a_tool_out_of_view(text: str) -> None:
    assert called_by_name(text, [*NAMES, "show", "split", "move", "read"]) is None


def test_without_tools_nothing_reads_like_a_call() -> None:
    assert not reads_like_a_call("I'll call open_pane", ())


def test_a_very_long_reply_is_read_only_at_its_start() -> None:
    assert not reads_like_a_call("x" * READ_MAX_CHARS + " I'll call open_pane", NAMES)
    assert reads_like_a_call("I'll call open_pane " + "x" * READ_MAX_CHARS, NAMES)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "filler", ["\n", "-\n", "I will ", "calling ", "(", "call the ", "I'll a.", "I'll call a-"]
)
def test_a_hostile_reply_is_read_in_bounded_time(filler: str) -> None:
    for _ in range(20):
        reads_like_a_call(filler * READ_MAX_CHARS, ["files.read", "notes.list", "shell.run"] * 12)
        called_by_name(filler * READ_MAX_CHARS, [f"files.read_{n}" for n in range(500)])
