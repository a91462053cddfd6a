// A question to the owner: what exactly would run, why it is asked, and the answers that count.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";

import { shownKeys } from "../commands/keys";
import { Icon } from "../shell/icons";
import type { ApprovalRequest } from "../wire.gen";
import { readArguments, shown } from "./arguments";
import { changeIn } from "./changes";
import type { ApprovalPart, Decision } from "./model";
import type { ConversationView } from "./views";

const ANSWERS: Readonly<Record<Decision, string>> = {
  allow_once: "Allow once",
  allow_session: "Allow in this session",
  allow_always: "Always allow",
  deny: "Deny",
};
const OUTCOMES: Readonly<Record<NonNullable<ApprovalPart["decision"]>, string>> = {
  allow_once: "Allowed once",
  allow_session: "Allowed in this session",
  allow_always: "Allowed from now on",
  deny: "Denied",
  timeout: "Not answered in time",
  gone: "Not answered",
};

/** Arguments that are being edited, by question: a key press that allows sends these. */
export const edited = signal<ReadonlyMap<string, string>>(new Map());

export function Approval({ part, view }: { part: ApprovalPart; view: ConversationView }) {
  return part.decision === null ? <Question request={part.request} view={view} /> : <Outcome part={part} />;
}

/** What became of a question, in one line. */
function Outcome({ part: { request, decision, isEdited } }: { part: ApprovalPart }) {
  if (decision === null) return null;
  const isAllowed = decision.startsWith("allow");
  return (
    <p class="approval-outcome" data-allowed={isAllowed}>
      <Icon name={isAllowed ? "check" : "close"} />
      {OUTCOMES[decision]}
      {isEdited && ", with changes"}: <code>{request.tool}</code> <span class="specifier">{request.specifier}</span>
    </p>
  );
}

function Question({ request, view }: { request: ApprovalRequest; view: ConversationView }) {
  const { approvalId, tool, specifier, reason, decisions } = request;
  const title = `approval-${approvalId}`;
  return (
    <section class="approval" aria-labelledby={title} data-approval={approvalId}>
      <header>
        <Icon name="warning" />
        <h3 id={title}>
          Allow <code>{tool}</code>
          {specifier && <span class="specifier"> {specifier}</span>}?
        </h3>
      </header>
      <p class="reason">{reason}</p>
      <Arguments request={request} />
      <Rule request={request} view={view} />
      <footer>
        {decisions.includes("allow_once") && (
          <button type="button" class="primary" onClick={() => answer(view, request, "allow_once")}>
            {ANSWERS.allow_once} <Keys id="approval.allow" />
          </button>
        )}
        {decisions.includes("deny") && (
          <button type="button" onClick={() => answer(view, request, "deny")}>
            {ANSWERS.deny} <Keys id="approval.deny" />
          </button>
        )}
        <EditFirst request={request} />
      </footer>
    </section>
  );
}

function Keys({ id }: { id: string }) {
  const keys = shownKeys(id);
  return keys ? <kbd>{keys}</kbd> : null;
}

/** Send an answer, with the arguments as the owner edited them; false while those cannot be read. */
export function answer(view: ConversationView, request: ApprovalRequest, decision: Decision, rule?: string): boolean {
  const text = edited.peek().get(request.approvalId);
  const args = decision === "deny" || text === undefined ? null : readArguments(text);
  if (typeof args === "string") return false;
  view.answerApproval({ approvalId: request.approvalId, decision, rule: rule ?? null, args });
  return true;
}

function setEdited(approvalId: string, text: string | null): void {
  const next = new Map(edited.peek());
  if (text === null) next.delete(approvalId);
  else next.set(approvalId, text);
  edited.value = next;
}

function EditFirst({ request }: { request: ApprovalRequest }) {
  if (!request.editable) return null;
  const isEditing = edited.value.has(request.approvalId);
  const text = isEditing ? null : JSON.stringify(request.args, null, 2);
  return (
    <button type="button" class="plain" onClick={() => setEdited(request.approvalId, text)}>
      <Icon name="edit" /> {isEditing ? "Leave as it was" : "Edit first"}
    </button>
  );
}

function Arguments({ request: { approvalId, args } }: { request: ApprovalRequest }) {
  const text = edited.value.get(approvalId);
  if (text !== undefined) return <Editor approvalId={approvalId} text={text} />;
  const change = changeIn(args);
  const rest = Object.entries(args).filter(([name]) => !change?.names.includes(name));
  return (
    <>
      {rest.length > 0 && (
        <dl class="arguments" tabIndex={0} aria-label="Arguments">
          {rest.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{shown(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {change && (
        <pre class="diff" tabIndex={0} role="region" aria-label="What it changes">
          {change.lines.map((line, index) => (
            <span key={index} data-sign={line.sign}>
              {line.sign === "@" ? line.text : `${line.sign} ${line.text}`}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </>
  );
}

function Editor({ approvalId, text }: { approvalId: string; text: string }) {
  const read = readArguments(text);
  const problem = typeof read === "string" ? read : null;
  const told = `approval-${approvalId}-problem`;
  return (
    <>
      <textarea
        class="arguments-editor"
        aria-label="Arguments as JSON"
        aria-invalid={problem !== null}
        aria-describedby={told}
        spellcheck={false}
        rows={Math.min(16, text.split("\n").length + 1)}
        value={text}
        onInput={(event) => setEdited(approvalId, event.currentTarget.value)}
      />
      <p id={told} class="problem" role="status">
        {problem}
      </p>
    </>
  );
}

/** To be asked no more: which rule to keep, and for how long. */
function Rule({ request, view }: { request: ApprovalRequest; view: ConversationView }) {
  const lasting = request.decisions.filter((decision) => decision === "allow_session" || decision === "allow_always");
  const usual = request.specifier ? `${request.tool}(${request.specifier})` : request.tool;
  const [rule, setRule] = useState(usual);
  if (lasting.length === 0) return null;
  // The usual rule is left to the node: it knows how to write it so that it means this call and no other.
  const kept = rule.trim() === usual ? undefined : rule.trim();
  return (
    <details class="rule">
      <summary>Do not ask again for …</summary>
      <label>
        Calls that match
        <input type="text" value={rule} spellcheck={false} onInput={(event) => setRule(event.currentTarget.value)} />
      </label>
      {lasting.map((decision) => (
        <button key={decision} type="button" disabled={rule.trim() === ""} onClick={() => answer(view, request, decision, kept)}>
          {ANSWERS[decision]}
        </button>
      ))}
    </details>
  );
}
