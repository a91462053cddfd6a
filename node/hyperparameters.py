"""The tool with which the agent changes its own sampling and model, through the settings and their checks."""

from typing import Annotated

from node.settings import SETTINGS, BadSetting, Settings
from tools.registry import tool
from tools.spec import JsonObject, ToolError, ToolSpec

PREFIX = "agent.orchestrator."


def hyperparameter_tools(settings: Settings) -> tuple[ToolSpec, ...]:
    @tool(name="agent.setHyperparameters")
    async def set_hyperparameters(
        temperature: Annotated[float | None, "0 to 2; 0 is the most repeatable"] = None,
        top_p: Annotated[float | None, "above 0, up to 1; 0 goes back to the server's default"] = None,
        context_size: Annotated[int | None, "window in tokens; 0 goes back to the server's default"] = None,
        max_tokens: Annotated[int | None, "of one reply; 0 goes back to the server's default"] = None,
        model: Annotated[str | None, "of the agent's turns; blank goes back to the node's choice"] = None,
    ) -> object:
        """Change how the agent's model samples, its window, or which model it is. Holds from the next turn.

        What is left out stays as it is.
        """
        given = {"temperature": temperature, "model": model}
        clearable = {"topP": top_p, "contextSize": context_size, "maxTokens": max_tokens}
        wanted = {key: value for key, value in (given | clearable).items() if value is not None}
        return await changed(settings, wanted | {key: None for key in clearable if wanted.get(key) == 0})

    return (set_hyperparameters,)


async def changed(settings: Settings, wanted: JsonObject) -> JsonObject:
    """Put all values or, when one does not fit, none; return what holds from now on."""
    if not wanted:
        raise ToolError("name at least one value to change")
    try:
        for key, value in wanted.items():
            SETTINGS[PREFIX + key].checked(value)
    except BadSetting as error:
        raise ToolError(str(error)) from None
    return {key: await settings.put(PREFIX + key, value) for key, value in wanted.items()}
