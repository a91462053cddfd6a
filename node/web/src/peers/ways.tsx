// The three ways to meet another node.

import { Invite } from "./invite";
import { Join } from "./join";
import { Nearby } from "./nearby";
import { type Way, way } from "./pairing";

const WAYS: readonly { id: Way; title: string; when: string }[] = [
  { id: "invite", title: "Invite", when: "A friend who is elsewhere" },
  { id: "join", title: "Join", when: "You were sent a ticket" },
  { id: "nearby", title: "On this network", when: "You see both screens" },
];

export function Ways() {
  return (
    <>
      <div class="ways" role="tablist" aria-label="Ways to pair" onKeyDown={steer}>
        {WAYS.map(({ id, title, when }) => (
          <button
            key={id}
            type="button"
            id={`way-${id}`}
            role="tab"
            aria-selected={way.value === id}
            aria-controls="way-shown"
            tabIndex={way.value === id ? 0 : -1}
            onClick={() => (way.value = id)}
          >
            <strong>{title}</strong>
            <small>{when}</small>
          </button>
        ))}
      </div>
      <div id="way-shown" class="pair-way" role="tabpanel" aria-labelledby={`way-${way.value}`}>
        {way.value === "invite" ? <Invite /> : way.value === "join" ? <Join /> : <Nearby />}
      </div>
    </>
  );
}

function steer(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const at = WAYS.findIndex(({ id }) => id === way.value);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + WAYS.length, Home: 0, End: WAYS.length - 1 }[event.key];
  const next = to === undefined ? undefined : WAYS[to % WAYS.length];
  if (!next) return;
  event.preventDefault();
  way.value = next.id;
  event.currentTarget.querySelector<HTMLElement>(`#way-${next.id}`)?.focus();
}
