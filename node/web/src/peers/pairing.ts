// How the dialog of pairing stands, and what the owner does in it.

import { effect, signal } from "@preact/signals";

import { api } from "../net/api";
import { type Comparison, type Pairing, type Peer, look, pairing } from "./network";

export type Way = "invite" | "join" | "nearby";

export interface Ticket {
  ticket: string;
  expiresAt: number;
  qr: { size: number; path: string };
}

export const way = signal<Way>("invite");
export const isOpen = signal(false);
/** The last ticket that this page made. */
export const ticket = signal<Ticket | null>(null);
/** The comparison that the owner has seen under way here, until they are done with how it ended. */
export const followed = signal<string | null>(null);

let dialog: HTMLDialogElement | null = null;
/** Whether this page let others ask; then it ends that, too. */
let hasLetOthers = false;

effect(() => {
  const now = pairing.value?.comparison;
  if (now && isUnderWay(now)) followed.value = idOf(now);
});

/** Return the comparison that is to be shown: one under way, or how one ended that was seen here. */
export function shownComparison(): Comparison | null {
  const now = pairing.value?.comparison;
  return now && followed.value === idOf(now) ? now : null;
}

export function isUnderWay({ state }: Comparison): boolean {
  return state === "undecided" || state === "agreed";
}

/** Two comparisons with the same peer differ in their codes. */
function idOf({ peerId, code }: Comparison): string {
  return `${peerId} ${code}`;
}

export function holdDialog(element: HTMLDialogElement | null): void {
  dialog = element;
}

/** Open the dialog at once, at one of its ways. */
export function openPairing(wanted: Way): void {
  way.value = wanted;
  if (!dialog || dialog.open) return;
  isOpen.value = true;
  dialog.showModal();
  void look();
}

export function closePairing(): void {
  dialog?.close();
}

/** Nobody may ask any more once the owner looks elsewhere, unless somebody does just now. */
export function onClosed(): void {
  isOpen.value = false;
  ticket.value = null;
  const now = pairing.peek()?.comparison;
  if (now && !isUnderWay(now)) followed.value = null;
  if (hasLetOthers && !(now && isUnderWay(now))) void letOthers(false).catch(() => {});
}

export async function invite(ttlS: number): Promise<void> {
  ticket.value = await api<Ticket>("POST", "/api/network/invite", { ttlS });
  await look();
}

export async function join(text: string): Promise<Peer> {
  const peer = await api<Peer>("POST", "/api/network/pair", { ticket: text.trim() });
  await look();
  return peer;
}

/** Ask a node to compare; resolves once there is a code to look at. */
export async function compare(whom: { peerId: string } | { address: string }): Promise<void> {
  await api("POST", "/api/network/pair", whom);
  await look();
}

export async function letOthers(open: boolean): Promise<void> {
  hasLetOthers = open;
  pairing.value = await api<Pairing>("POST", "/api/network/pairing", { open });
  await look();
}

/** The answer is to the digits that were seen; the node refuses it when others took their place. */
export async function decide({ code }: Comparison, match: boolean): Promise<void> {
  pairing.value = await api<Pairing>("POST", "/api/network/pairing/answer", { match, code });
}
