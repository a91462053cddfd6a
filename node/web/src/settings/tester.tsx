// What the gate would say of a call: a verdict and the rule that decides. Nothing runs.

import { useEffect, useState } from "preact/hooks";

import { api } from "../net/api";
import { type Verdict, testCall } from "./rules";

const VERDICTS: Readonly<Record<Verdict["verdict"], string>> = { allow: "Runs unasked", ask: "Asks you first", deny: "Never runs" };
const MODES: readonly [string, string][] = [
  ["", "as set"],
  ["plan", "plan: reads only"],
  ["default", "ask before acting"],
  ["acceptEdits", "accept edits"],
  ["autonomous", "act without asking"],
];

export function Tester() {
  const [call, setCall] = useState("");
  const [mode, setMode] = useState("");
  const [said, say] = useState<Verdict | string | null>(null);
  const [tools, setTools] = useState<readonly string[]>([]);
  useEffect(() => {
    api<{ tools: { name: string }[] }>("GET", "/api/tools").then(
      (listing) => setTools(listing.tools.map(({ name }) => name)),
      () => {}, // without it nothing is suggested
    );
  }, []);
  const test = () =>
    testCall(call.trim(), mode).then(say, (error: unknown) => say(error instanceof Error ? error.message : String(error)));
  return (
    <section class="rule-tester" aria-labelledby="rule-tester">
      <h4 id="rule-tester">Try a call</h4>
      <p>See what the rules above say of it. Nothing runs.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void test();
        }}
      >
        <input type="text" aria-label="Call to try" placeholder="shell.run(git push)" list="tools-of-rules" spellcheck={false} autocomplete="off" value={call} onInput={(event) => setCall(event.currentTarget.value)} />
        <label>
          Mode{" "}
          <select value={mode} onChange={(event) => setMode(event.currentTarget.value)}>
            {MODES.map(([id, title]) => (
              <option key={id} value={id}>{title}</option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={call.trim() === ""}>Try</button>
      </form>
      <datalist id="tools-of-rules">
        {tools.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div role="status">{said !== null && <Said said={said} />}</div>
    </section>
  );
}

function Said({ said }: { said: Verdict | string }) {
  if (typeof said === "string") return <p class="problem">{said}</p>;
  return (
    <p class="verdict" data-verdict={said.verdict}>
      <strong>{VERDICTS[said.verdict]}</strong> <code>{said.call}</code>
      <span>{said.reason}</span>
      {!said.known && <span>No tool of the node or of a page that is open is called {said.tool}.</span>}
    </p>
  );
}
