// The record of asks in both directions, the latest first.

import { useEffect, useState } from "preact/hooks";

import { duration } from "../conversation/numbers";
import { api } from "../net/api";
import { asksHeard, nameOf } from "./network";
import { outcomeOf } from "./words";

interface Row {
  n: number;
  direction: "in" | "out";
  nodeId: string;
  name: string;
  hops: number;
  firstAsker: string | null;
  promptChars: number;
  answerChars: number | null;
  outcome: string | null;
  times: number;
  startedAt: number;
  durationMs: number | null;
  prompt: string | null;
}

const PAGE = 20;
const KEPT_MAX = 500;

export function Asks({ peer }: { peer: string | null }) {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [hasMore, setMore] = useState(false);
  const heard = asksHeard.value;
  const read = async (before: number | null) => {
    const query = new URLSearchParams({ limit: String(PAGE), ...(before && { before: String(before) }), ...(peer && { peer }) });
    const page = await api<Row[]>("GET", `/api/network/asks?${query}`).catch(() => null);
    if (page === null) return; // the pane says that the node is away
    setRows((known) => (before === null ? page : [...known, ...page]).slice(0, KEPT_MAX));
    setMore(page.length === PAGE);
  };
  useEffect(() => void read(null), [heard, peer]);
  if (rows.length === 0) return null;
  return (
    <details class="asks">
      <summary>Asks so far</summary>
      <div class="peers-table" tabIndex={0} role="region" aria-label="Asks so far">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Outcome</th>
              <th scope="col" class="number">
                Characters
              </th>
              <th scope="col" class="number">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <RowView key={row.n} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {hasMore && rows.length < KEPT_MAX && (
        <button type="button" onClick={() => void read(rows.at(-1)?.n ?? null)}>
          Earlier
        </button>
      )}
    </details>
  );
}

function RowView({ row }: { row: Row }) {
  const { direction, name, outcome, times, promptChars, answerChars, durationMs, firstAsker, hops } = row;
  return (
    <tr data-outcome={outcome ?? "running"}>
      <td>{timeOf(row.startedAt)}</td>
      <td>
        {direction === "in" ? `${name} asked` : `you asked ${name}`}
        {hops > 1 && <span class="soft">, {hops} links</span>}
        {firstAsker && direction === "in" && firstAsker !== row.nodeId && <span class="soft">, first {nameOf(firstAsker)}</span>}
      </td>
      <td>
        {outcomeOf(outcome, direction)}
        {times > 1 && ` (${times} times)`}
      </td>
      <td class="number">
        {promptChars} → {answerChars ?? 0}
      </td>
      <td class="number">{durationMs === null ? "" : duration(durationMs)}</td>
    </tr>
  );
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const isToday = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return isToday ? time : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}
