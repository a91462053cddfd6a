// One thing at a time that the owner asked for, and the node's words when it came to nothing.

import { useRef, useState } from "preact/hooks";

export interface Doing {
  isBusy: boolean;
  /** Why the last one failed; blank when it did not. */
  problem: string;
  /** Do it unless something is being done; resolves with whether it went well. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useDoing(): Doing {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const held = useRef(false);
  const run = async (work: () => Promise<unknown>) => {
    if (held.current) return false;
    held.current = true;
    setBusy(true);
    setProblem("");
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      held.current = false;
      setBusy(false);
    }
  };
  return { isBusy, problem, run };
}
