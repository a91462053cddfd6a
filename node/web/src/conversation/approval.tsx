// A question to the owner: its card while it is open, later one line that says what became of it.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { Later } from "../net/later";
import { Icon } from "../shell/icons";
import { visible } from "../shell/visible";
import type { ApprovalRequest } from "../wire.gen";
import { type Fields, readFields } from "./arguments";
import type { ApprovalPart, Decision } from "./model";
import type { ConversationView } from "./views";

const OUTCOMES: Readonly<Record<NonNullable<ApprovalPart["decision"]>, string>> = {
  allow_once: "Allowed once",
  allow_session: "Allowed in this session",
  allow_always: "Allowed from now on",
  deny: "Denied",
  timeout: "Not answered in time",
  gone: "Not answered",
};

/** It comes with the first question. */
const card = new Later(async () => (await import("./question")).Question);

/** Arguments that are being edited, by question: a key press that allows sends these. */
export const edited = signal<ReadonlyMap<string, Fields>>(new Map());

export function setEdited(approvalId: string, fields: Fields | null): void {
  const next = new Map(edited.peek());
  if (fields === null) next.delete(approvalId);
  else next.set(approvalId, fields);
  edited.value = next;
}

/** Send an answer, with the arguments as the owner edited them; false while those cannot be read. */
export function answer(view: ConversationView, request: ApprovalRequest, decision: Decision, rule?: string): boolean {
  const fields = edited.peek().get(request.approvalId);
  const args = decision === "deny" || fields === undefined ? null : readFields(fields, request.args);
  if (typeof args === "string") return false;
  view.answerApproval({ approvalId: request.approvalId, decision, rule: rule ?? null, args });
  return true;
}

export function Approval({ part, view }: { part: ApprovalPart; view: ConversationView }) {
  return part.decision === null ? <Card request={part.request} view={view} /> : <Outcome part={part} />;
}

function Card(props: { request: ApprovalRequest; view: ConversationView }) {
  const Question = card.part.value;
  useEffect(() => card.want(), []);
  if (Question) return <Question {...props} />;
  if (!card.isMissing.value) return null;
  return (
    <p class="problem" role="alert">
      The agent asks you something that could not be fetched. <button type="button" onClick={() => card.want()}>Try again</button>
    </p>
  );
}

/** What became of a question, in one line. */
function Outcome({ part: { request, decision, isEdited } }: { part: ApprovalPart }) {
  if (decision === null) return null;
  const isAllowed = decision.startsWith("allow");
  return (
    <p class="approval-outcome" data-allowed={isAllowed}>
      <Icon name={isAllowed ? "check" : "close"} />
      {OUTCOMES[decision]}
      {isEdited && ", with changes"}: <code>{visible(request.tool)}</code> <span class="specifier">{visible(request.specifier)}</span>
    </p>
  );
}
