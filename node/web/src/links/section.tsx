// What others can read, as a section of the settings: each link with its conversation, its end, and the way to end it.

import { useEffect, useRef } from "preact/hooks";

import { openSession } from "../conversation";
import { useClock } from "../peers/clock";
import { Sure } from "../peers/parts";
import { ago, plural, span } from "../peers/words";
import { bringIntoView } from "../settings/view";
import { type Link, links, look, revoke } from "./links";
import "./links.css";

const REFRESH_MS = 5_000;
const FROM: Readonly<Record<Link["reach"], string>> = { loopback: "this machine", lan: "the local network" };

export const SHARES = "shares";
/** What it is found by. */
const WORDS = "shares links chat link conversations read by link revoke network expiry";

export function isAbout(wanted: string): boolean {
  return wanted.toLowerCase().split(/\s+/).every((word) => WORDS.includes(word));
}

export function SharesSection({ isWanted }: { isWanted: boolean }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    void look();
    const timer = setInterval(() => document.visibilityState === "visible" && void look(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (!isWanted) return;
    bringIntoView(box.current, "top");
    box.current?.focus({ preventScroll: true });
  }, [isWanted]);
  return (
    <section ref={box} id="settings-shares" class="chat-links" tabIndex={-1} aria-labelledby="settings-shares-title">
      <h3 id="settings-shares-title">Shares</h3>
      <p>
        Conversations that others can read by a secret link. To share one, choose <strong>Share by link</strong> in its menu, or
        write <code>/link add</code> in it. Folders that peers may search have a pane of their own.
      </p>
      {links.value?.length === 0 && <p role="status">No conversation can be read by link.</p>}
      <ul aria-label="Chat links">
        {links.value?.map((link) => (
          <LinkRow key={link.id} link={link} />
        ))}
      </ul>
    </section>
  );
}

function LinkRow({ link }: { link: Link }) {
  const now = useClock(10);
  return (
    <li data-link={link.id}>
      <header>
        <button type="button" class="link" onClick={() => openSession(link.sessionId)}>{link.title}</button>
        <span class="badge" data-reach={link.reach}>{FROM[link.reach]}</span>
      </header>
      <p>
        Ends in {span(Math.max(0, link.expiresAt - now))} · {readsOf(link, now)} · shows {link.follows ? "all that is said" : `what was said until ${ago(link.createdAt, now)}`}
        {link.details && ", with reasoning and tool calls"}
      </p>
      <p>
        {link.addresses.length > 0 ? <>Served at {link.addresses.map((address) => <code key={address}>{address}</code>)}</> : "Not served now: its port is taken, or its network is away."}
      </p>
      <Sure
        label="Revoke"
        of={`the link to ${link.title}`}
        question="Nobody can read it there from now on. What was read stays read."
        yes="Revoke it"
        act={() => revoke(link.id)}
      />
    </li>
  );
}

function readsOf({ reads, lastReadAt }: Link, now: number): string {
  return reads === 0 ? "not read yet" : `read ${plural(reads, "time")}, last ${ago(lastReadAt, now)}`;
}
