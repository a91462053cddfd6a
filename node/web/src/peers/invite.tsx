// Inviting a friend: a ticket as text and as a code for a camera.

import { useState } from "preact/hooks";

import { CopyButton } from "../markdown/code";
import { useClock } from "./clock";
import { useDoing } from "./doing";
import { trusted } from "./network";
import { type Ticket, invite, ticket } from "./pairing";
import { Problem } from "./problem";
import { span } from "./words";

const LASTING = [
  { title: "an hour", seconds: 3_600 },
  { title: "a day", seconds: 86_400 },
  { title: "a week", seconds: 7 * 86_400 },
] as const;

export function Invite() {
  const doing = useDoing();
  const [seconds, setSeconds] = useState<number>(86_400);
  if (ticket.value) return <Made made={ticket.value} />;
  return (
    <>
      <p>
        A ticket pairs your node with the first one that uses it. Send it to one person, on a road that you trust: a messenger
        that encrypts, or a screen that they look at.
      </p>
      <label class="field">
        It is good for
        <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
          {LASTING.map((one) => (
            <option key={one.seconds} value={one.seconds}>
              {one.title}
            </option>
          ))}
        </select>
      </label>
      <p class="soft">Making one lets other machines reach this node; only paired ones get further than the door.</p>
      <button type="button" class="primary" disabled={doing.isBusy} onClick={() => void doing.run(() => invite(seconds))}>
        Make a ticket
      </button>
      <Problem of={doing} />
    </>
  );
}

function Made({ made }: { made: Ticket }) {
  const [before] = useState(() => new Set(trusted.peek().map((peer) => peer.nodeId)));
  const came = trusted.value.filter((peer) => !before.has(peer.nodeId));
  return (
    <>
      <p role="status" class="came">
        {came.map((peer) => `${peer.label} used the ticket: you are paired. `)}
      </p>
      {came.length === 0 && <Unused made={made} />}
      <button type="button" onClick={() => (ticket.value = null)}>
        Make another
      </button>
    </>
  );
}

function Unused({ made }: { made: Ticket }) {
  const left = made.expiresAt - useClock(1);
  if (left <= 0) return <p>This ticket is too old now.</p>;
  return (
    <div class="ticket">
      <svg class="qr" viewBox={`0 0 ${made.qr.size} ${made.qr.size}`} role="img" aria-label="The ticket as a QR code" shape-rendering="crispEdges">
        <rect width={made.qr.size} height={made.qr.size} />
        <path d={made.qr.path} />
      </svg>
      <div>
        <label class="field">
          The ticket
          <textarea readOnly rows={6} spellcheck={false} value={made.ticket} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <CopyButton text={made.ticket} label="Copy the ticket">
          Copy the ticket
        </CopyButton>
        <p>Works once, for {span(left)} more or until this node stops.</p>
        <p class="soft">
          Your friend chooses <strong>Join</strong> in their cockpit, or types <code>palaver join</code> and the ticket.
        </p>
      </div>
    </div>
  );
}
