"""What stands around the line that is typed: what waits, the open question, the toolbar."""

from prompt_toolkit.formatted_text import StyleAndTextTuples

from node.console.approving import choices
from node.console.conversation import Conversation
from node.console.render import Style, one_line
from node.health import NODE_DOWN

WAITING_SHOWN = 3
EDITING = "edit the arguments; Enter runs the call with them, Ctrl-C goes back"


def above_the_line(
    conversation: Conversation, *, armed: bool, line: str, editing: bool
) -> StyleAndTextTuples:
    """Return what is shown between the transcript and the line that is typed."""
    rows: StyleAndTextTuples = []
    if conversation.running and conversation.status:
        rows.append((f"class:{Style.NOTE}", f"… {conversation.status}\n"))
    waiting = conversation.waiting
    rows += [(f"class:{Style.NOTE}", f"waits: {one_line(prompt)}\n") for prompt in waiting[:WAITING_SHOWN]]
    if len(waiting) > WAITING_SHOWN:
        rows.append((f"class:{Style.NOTE}", f"and {len(waiting) - WAITING_SHOWN} more\n"))
    if question := conversation.question:
        how = choices(question, can_edit=True) if armed else ""
        how = f"{how}  (after Esc)" if armed and line else how
        how = EDITING if editing else how
        rows.append((f"class:{Style.QUESTION}", f"{one_line(question.tool)}? {how}\n"))
    return rows


def toolbar(conversation: Conversation, *, surroundings: str, connected: bool, hint: str) -> str:
    """Return the foot of the screen."""
    facts = [
        surroundings if connected else f"{NODE_DOWN.text}: {NODE_DOWN.remedy}",
        conversation.context,
        f"{len(conversation.waiting)} waiting" if conversation.waiting else "",
        hint or ("Ctrl-C stops" if conversation.running else "/help"),
    ]
    return " " + " · ".join(fact for fact in facts if fact)
