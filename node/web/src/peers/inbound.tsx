// What peers ask just now, and the way to stop it.

import { Icon } from "../shell/icons";
import type { InboundShown } from "../wire.gen";
import { api } from "../net/api";
import { useClock } from "./clock";
import { useDoing } from "./doing";
import { inbound, nameOf } from "./network";
import { Problem } from "./problem";
import { plural, span } from "./words";

const SHOWN_MAX = 20;

export function Inbound() {
  const asks = inbound.value;
  return (
    <section class="inbound" aria-labelledby="inbound-title" hidden={asks.length === 0}>
      <h3 id="inbound-title">Asking your agent now</h3>
      <ul>
        {asks.slice(0, SHOWN_MAX).map((ask) => (
          <Ask key={ask.rid} ask={ask} />
        ))}
      </ul>
      {asks.length > SHOWN_MAX && <p class="soft">and {asks.length - SHOWN_MAX} more</p>}
      <p class="visually-hidden" role="status">
        {asks.length > 0 && `${plural(asks.length, "ask")} from peers under way`}
      </p>
    </section>
  );
}

function Ask({ ask }: { ask: InboundShown }) {
  const doing = useDoing();
  const now = useClock(1);
  return (
    <li data-rid={ask.rid}>
      <div>
        <header>
          <Icon name="relay" />
          <strong>{ask.name}</strong>
          <span class="badge">peer</span>
          <span class="soft">
            for {span(Math.max(0, now - ask.startedAt))}, over {plural(ask.hops, "link")}
            {ask.firstAsker && <>, first asked by {nameOf(ask.firstAsker)} (signed)</>}
          </span>
        </header>
        <p class="asked-here">{ask.prompt}</p>
        <Problem of={doing} />
      </div>
      <button
        type="button"
        disabled={doing.isBusy}
        onClick={() => void doing.run(() => api("DELETE", `/api/network/inbound/${encodeURIComponent(ask.rid)}`))}
      >
        <Icon name="stop" /> Stop <span class="visually-hidden">the ask of {ask.name}</span>
      </button>
    </li>
  );
}
