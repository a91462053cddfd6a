// The card of an open question: what exactly would run, why it is asked, and the answers that count.

import { useState } from "preact/hooks";

import { shownKeys } from "../commands/keys";
import { Icon } from "../shell/icons";
import { capital, plainly } from "../shell/plainly";
import { visible } from "../shell/visible";
import type { ApprovalRequest } from "../wire.gen";
import { answer, edited } from "./approval";
import { shown } from "./arguments";
import { type Line, changeIn, unified } from "./changes";
import { ArgumentFields, EditFirst } from "./edit_first";
import type { Decision } from "./model";
import type { ConversationView } from "./views";

const ANSWERS: Readonly<Record<Decision, string>> = {
  allow_once: "Allow once",
  allow_session: "Allow in this session",
  allow_always: "Always allow",
  deny: "Deny",
};

export function Question({ request, view }: { request: ApprovalRequest; view: ConversationView }) {
  const { approvalId, tool, args, specifier, reason, decisions } = request;
  const title = `approval-${approvalId}`;
  const isSent = view.awaited.value.has(approvalId);
  return (
    <section class="approval" aria-labelledby={title} aria-busy={isSent} data-approval={approvalId}>
      <header>
        <Icon name="warning" />
        <h3 id={title}>
          Allow <code>{visible(tool)}</code>
          {specifier && <span class="specifier"> {visible(specifier)}</span>}?
        </h3>
      </header>
      <p class="reason">{plainly(visible(capital(reason)))}.</p>
      <Arguments request={request} />
      <Rule request={request} view={view} />
      <footer>
        {decisions.includes("allow_once") && (
          <button type="button" class="primary" aria-disabled={isSent} onClick={() => answer(view, request, "allow_once")}>
            {ANSWERS.allow_once} <Keys id="approval.allow" />
          </button>
        )}
        {decisions.includes("deny") && (
          <button type="button" aria-disabled={isSent} onClick={() => answer(view, request, "deny")}>
            {ANSWERS.deny} <Keys id="approval.deny" />
          </button>
        )}
        {request.editable && Object.keys(args).length > 0 && <EditFirst approvalId={approvalId} args={args} />}
        {isSent && <small role="status">Sending…</small>}
      </footer>
    </section>
  );
}

function Keys({ id }: { id: string }) {
  const keys = shownKeys(id);
  return keys ? <kbd>{keys}</kbd> : null;
}

function Arguments({ request: { approvalId, args, change } }: { request: ApprovalRequest }) {
  const fields = edited.value.get(approvalId);
  if (fields) return <ArgumentFields approvalId={approvalId} args={args} fields={fields} />;
  const shownAs = change ? { lines: unified(change), names: [] } : changeIn(args);
  const rest = Object.entries(args).filter(([name]) => !shownAs?.names.includes(name));
  return (
    <>
      {shownAs && <Difference lines={shownAs.lines} />}
      {change ? (
        <details>
          <summary>All arguments</summary>
          <All args={rest} />
        </details>
      ) : (
        <All args={rest} />
      )}
    </>
  );
}

function All({ args }: { args: readonly (readonly [string, unknown])[] }) {
  if (args.length === 0) return null;
  return (
    <dl class="arguments" tabIndex={0} aria-label="Arguments">
      {args.map(([name, value]) => (
        <div key={name}>
          <dt>{visible(name)}</dt>
          <dd>{visible(shown(value))}</dd>
        </div>
      ))}
    </dl>
  );
}

function Difference({ lines }: { lines: readonly Line[] }) {
  return (
    <pre class="diff" tabIndex={0} role="group" aria-label="What it changes">
      {lines.map((line, index) => (
        <span key={index} data-sign={line.sign}>
          {visible(line.sign === "@" ? line.text : `${line.sign} ${line.text}`)}
          {"\n"}
        </span>
      ))}
    </pre>
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
        <button key={decision} type="button" aria-disabled={view.awaited.value.has(request.approvalId)} disabled={rule.trim() === ""} onClick={() => answer(view, request, decision, kept)}>
          {ANSWERS[decision]}
        </button>
      ))}
    </details>
  );
}
