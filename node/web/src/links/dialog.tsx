// The dialog that gives a conversation to read by link. It is made when it is wanted, and gone when it closes.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { CopyButton } from "../markdown/code";
import { useDoing } from "../peers/doing";
import { Problem } from "../peers/problem";
import { span } from "../peers/words";
import { Icon } from "../shell/icons";
import { type MadeLink, type Reach, type Wishes, make, usualHours } from "./links";
import "./links.css";

const HOURS = [1, 24, 7 * 24];
const HOUR_S = 3_600;

const REACHES: readonly { reach: Reach; title: string; text: string }[] = [
  { reach: "loopback", title: "Only this machine", text: "For somebody who sits here, or comes through a tunnel of yours." },
  { reach: "lan", title: "The local network", text: "For everybody in your network who has the link. It passes there unencrypted." },
];

interface Shared {
  id: string;
  title: string;
}

/** Open the dialog for a session. */
export function shareByLink(session: Shared): void {
  const dialog = document.createElement("dialog");
  dialog.className = "share-link";
  dialog.setAttribute("aria-labelledby", "share-link-title");
  dialog.addEventListener("close", () => {
    render(null, dialog);
    dialog.remove();
  });
  document.body.append(dialog);
  render(<ShareLink session={session} close={() => dialog.close()} />, dialog);
  dialog.showModal();
}

function ShareLink({ session, close }: { session: Shared; close: () => void }) {
  const [made, setMade] = useState<MadeLink | null>(null);
  return (
    <>
      <header>
        <h2 id="share-link-title">Share “{session.title}” by link</h2>
        <button type="button" class="plain" aria-label="Close" title="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {made ? <Made made={made} close={close} /> : <Choose session={session} close={close} done={setMade} />}
    </>
  );
}

function Choose({ session, close, done }: { session: Shared; close: () => void; done: (made: MadeLink) => void }) {
  const doing = useDoing();
  const [wishes, setWishes] = useState<Wishes>({ reach: "loopback", hours: 24, follows: false, details: false });
  const wish = (more: Partial<Wishes>) => setWishes((before) => ({ ...before, ...more }));
  useEffect(() => void usualHours().then((hours) => wish({ hours })).catch(() => {}), []);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void doing.run(async () => done(await make(session.id, wishes)));
      }}
    >
      <p>Whoever has the link can read the conversation in a browser. Nobody can write in it or set your agent to work.</p>
      <fieldset>
        <legend>Who can open it</legend>
        {REACHES.map(({ reach, title, text }) => (
          <label key={reach} class="reach" data-chosen={wishes.reach === reach}>
            <input type="radio" name="reach" autofocus={reach === "loopback"} checked={wishes.reach === reach} onChange={() => wish({ reach })} />
            <span>
              <strong>{title}</strong>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="ends">
        It ends after
        <select value={wishes.hours} onChange={(event) => wish({ hours: Number(event.currentTarget.value) })}>
          {[...new Set([...HOURS, wishes.hours])].sort((one, other) => one - other).map((hours) => (
            <option key={hours} value={hours}>{span(hours * HOUR_S)}</option>
          ))}
        </select>
      </label>
      <label class="more">
        <input type="checkbox" checked={wishes.follows} onChange={(event) => wish({ follows: event.currentTarget.checked })} />
        Show what is said from now on, too
      </label>
      <label class="more">
        <input type="checkbox" checked={wishes.details} onChange={(event) => wish({ details: event.currentTarget.checked })} />
        Show reasoning, tool calls and what they brought
      </label>
      <Problem of={doing} />
      <footer>
        <button type="button" onClick={close}>Cancel</button>
        <button type="submit" class="primary" disabled={doing.isBusy}>Make the link</button>
      </footer>
    </form>
  );
}

function Made({ made, close }: { made: MadeLink; close: () => void }) {
  return (
    <div class="made">
      <p role="status">
        {made.reach === "lan" ? "Everybody in your network" : "Everybody on this machine"} who has this link can read the
        conversation, for {span(made.expiresAt - made.createdAt)}.
      </p>
      <div class="address">
        <input readOnly aria-label="The link" spellcheck={false} value={made.url} ref={(field) => field?.select()} onFocus={(event) => event.currentTarget.select()} />
        <CopyButton text={made.url} label="Copy the link">Copy</CopyButton>
      </div>
      {made.reach === "lan" && (
        <svg class="qr" viewBox={`0 0 ${made.qr.size} ${made.qr.size}`} role="img" aria-label="The link as a QR code" shape-rendering="crispEdges">
          <rect width={made.qr.size} height={made.qr.size} />
          <path d={made.qr.path} />
        </svg>
      )}
      <p class="soft">It is shown only now: the node keeps no copy. Under Shares in the settings you can end it.</p>
      <footer>
        <button type="button" class="primary" onClick={close}>Done</button>
      </footer>
    </div>
  );
}
