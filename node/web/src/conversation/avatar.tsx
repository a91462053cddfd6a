// A face beside the agent's last words: what is going on, for whoever looks only with half an eye.

import { signal } from "@preact/signals";

import { api } from "../net/api";
import type { Turn } from "./model";
import { moodOf } from "./mood";
import "./avatar.css";

const SETTING = "/api/settings/agent.avatarAnimation";

/** Whether it may move; still until the owner's choice is known. */
export const isAnimated = signal(false);

void api<{ value: boolean }>("GET", SETTING).then(
  ({ value }) => (isAnimated.value = value),
  () => {},
);

/** All it says stands beside it in words, too; while they come, they are motion enough. */
export function Avatar({ turn }: { turn: Turn }) {
  const speaks = turn.state === "running" && turn.parts.at(-1)?.kind === "text";
  return (
    <div class="avatar" data-mood={moodOf(turn)} data-animated={isAnimated.value && !speaks} aria-hidden="true">
      <div class="face">
        <svg viewBox="0 0 24 24" width="18" height="18" focusable="false">
          <path d="M6 3h12a4 4 0 0 1 4 4v7a4 4 0 0 1-4 4h-7l-4.5 4v-4H6a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4z" />
        </svg>
        {/* No part of the drawing: a box of its own moves without the page being laid out for each frame. */}
        <div class="eyes">
          <i />
          <i />
        </div>
      </div>
    </div>
  );
}
