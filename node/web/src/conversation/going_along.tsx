// What goes along with the next message besides its words: the document that the owner looks at, unless left out.

import { Icon } from "../shell/icons";
import { focusedContext, leftOut } from "./surroundings";

/** The node shows the agent no more of it than this. */
const SHOWN_MAX_CHARS = 24_000;

export function GoingAlong() {
  const context = focusedContext.value();
  if (!context?.uri) return null;
  const { uri, title } = context;
  if (leftOut.value === uri) {
    return (
      <p class="going-along" data-left-out>
        <Icon name="file" />
        <span class="name">{title} stays out</span>
        <button type="button" onClick={() => (leftOut.value = null)}>
          Take it along
        </button>
      </p>
    );
  }
  return (
    <p class="going-along" title={uri}>
      <Icon name="file" />
      <span class="name">
        <span class="visually-hidden">Goes along: </span>
        {title}
      </span>
      {context.content.length > SHOWN_MAX_CHARS && <small>its first {SHOWN_MAX_CHARS.toLocaleString("en")} characters</small>}
      <button type="button" aria-label={`Leave ${title} out`} title="Leave it out" onClick={() => (leftOut.value = uri)}>
        <Icon name="close" />
      </button>
    </p>
  );
}
