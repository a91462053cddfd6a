import { describe, expect, it } from "vitest";

import { type Listed, type Session, withChange, withPage } from "./order";
import { NOTHING, begun, isUnread, keepSeen, readSeen, withSeen } from "./seen";
import { sliceOf } from "./slice";

function session(id: string, lastMessageAt: number, more: Partial<Session> = {}): Session {
  return { id, title: id, createdAt: 0, lastMessageAt, pinned: false, archived: false, messageCount: 1, links: 0, ...more };
}

const ids = ({ sessions }: Listed) => sessions.map(({ id }) => id).join(" ");
const known: Listed = { sessions: [session("a", 30), session("b", 20), session("c", 10)], hasMore: false };

describe("the list of sessions", () => {
  it("moves what was spoken in to the front, behind what is pinned", () => {
    const spoken = withChange(known, { sessions: [session("c", 40)], gone: [] }, false);
    expect(ids(spoken)).toBe("c a b");
    expect(ids(withChange(spoken, { sessions: [session("b", 20, { pinned: true })], gone: [] }, false))).toBe("b c a");
  });

  it("loses what was deleted or archived, and takes what is restored", () => {
    const change = { sessions: [session("a", 30, { archived: true }), session("new", 5)], gone: ["b"] };
    expect(ids(withChange(known, change, false))).toBe("c new");
    expect(ids(withChange({ sessions: [], hasMore: false }, change, true))).toBe("a");
  });

  it("leaves out what belongs behind the part that is known", () => {
    const part = { ...known, hasMore: true };
    expect(ids(withChange(part, { sessions: [session("old", 5), session("mid", 15)], gone: [] }, false))).toBe("a b mid c");
  });

  it("takes a page whose first ones it knows already", () => {
    const next = withPage({ ...known, hasMore: true }, [session("c", 10), session("d", 5)], 2);
    expect(ids(next)).toBe("a b c d");
    expect(next.hasMore).toBe(true);
    expect(withPage(next, [], 2).hasMore).toBe(false);
  });
});

describe("what was seen", () => {
  it("counts nothing as missed on a first visit", () => {
    expect(isUnread(NOTHING, "a", 50)).toBe(false);
    const seen = begun(NOTHING, 50);
    expect(isUnread(seen, "a", 50)).toBe(false);
    expect(isUnread(seen, "a", 51)).toBe(true);
    expect(isUnread(withSeen(seen, "a", 51), "a", 51)).toBe(false);
    expect(begun(seen, 99)).toBe(seen);
  });

  it("stays small: the oldest count as seen together", () => {
    let seen = begun(NOTHING, 0);
    for (let at = 1; at <= 1_001; at++) seen = withSeen(seen, `s${at}`, at);
    expect(Object.keys(seen.sessions).length).toBe(500);
    expect(isUnread(seen, "s1", 1)).toBe(false);
    expect(isUnread(seen, "s1", 1_002)).toBe(true);
  });

  it("is kept in the browser, whose nonsense counts as nothing", () => {
    const kept = new Map<string, string>();
    const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    keepSeen(withSeen(begun(NOTHING, 1), "a", 2), store);
    expect(isUnread(readSeen(store), "a", 2)).toBe(false);
    kept.set("palaver.seen", '{"until": "no"}');
    expect(readSeen(store)).toEqual(NOTHING);
  });
});

describe("the rows in view", () => {
  it("are few, however long the list is", () => {
    expect(sliceOf(0, 600, 30, 10_000)).toEqual({ from: 0, to: 32 });
    expect(sliceOf(150_000, 600, 30, 10_000)).toEqual({ from: 4_988, to: 5_032 });
    expect(sliceOf(300_000, 600, 30, 10)).toEqual({ from: 10, to: 10 });
  });
});
