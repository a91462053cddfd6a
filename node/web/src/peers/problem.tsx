// The node's words when something came to nothing.

import type { Doing } from "./doing";
import "./problem.css";

/** Why something came to nothing, told once. */
export function Problem({ of }: { of: Doing }) {
  return (
    <p class="problem" role="alert">
      {of.problem}
    </p>
  );
}
