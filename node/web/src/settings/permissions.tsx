// The rules of what the agent may do: three lists, what is kept for the conversation, and a tester that runs nothing.

import { useEffect, useState } from "preact/hooks";

import { currentSession } from "../conversation";
import { Icon } from "../shell/icons";
import { LISTS, type List, changeRules, flawOf, forgetForSession, keyOf, lookAtRules, overview, rulesIn } from "./rules";
import { idOf } from "./row";
import { problems, refuse } from "./store";
import { Tester } from "./tester";
import { bringIntoView } from "./view";

const ABOUT: Readonly<Record<List, { title: string; text: string }>> = {
  deny: { title: "Never", text: "These calls never run, not even reading ones, in no mode." },
  ask: { title: "Always ask", text: "These calls ask you, whatever the mode or another rule says." },
  allow: { title: "Run unasked", text: "These calls run without a question, unless a rule above says otherwise." },
};

export function PermissionRules({ wanted }: { wanted: string | undefined }) {
  useEffect(() => void lookAtRules(), [currentSession.value]);
  return (
    <div class="permission-rules">
      <p class="setting-note">
        A rule is a tool, as <code>notes.read</code>, or a tool and what it touches, as <code>shell.run(git status)</code>; <code>*</code> stands
        for anything. Never goes before ask, ask before unasked.
      </p>
      {LISTS.map((list) => (
        <RuleList key={list} list={list} isWanted={wanted === keyOf(list)} />
      ))}
      <SessionRules />
      <Tester />
    </div>
  );
}

function RuleList({ list, isWanted }: { list: List; isWanted: boolean }) {
  const [typed, setTyped] = useState("");
  const rules = rulesIn(list);
  const { title, text } = ABOUT[list];
  const id = idOf(keyOf(list));
  const problem = problems.value.get(keyOf(list));
  useEffect(() => {
    const field = isWanted ? document.getElementById(id) : null;
    bringIntoView(field);
    field?.focus({ preventScroll: true });
  }, [isWanted]);
  const add = async () => {
    const rule = typed.trim();
    // Who types on while the node answers keeps what is typed.
    if (rule && (await changeRules(list, (rules) => [...rules, rule]))) setTyped((now) => (now === typed ? "" : now));
  };
  return (
    <section class="rule-list" data-list={list} data-key={keyOf(list)} aria-labelledby={`${id}-title`}>
      <h4 id={`${id}-title`}>{title} <code>{keyOf(list)}</code></h4>
      <p>{text}</p>
      {rules.length > 0 && (
        <ul>
          {rules.map((rule) => (
            <RuleItem key={rule} list={list} rule={rule} />
          ))}
        </ul>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <input
          id={id}
          type="text"
          aria-label={`New rule: ${title.toLowerCase()}`}
          aria-invalid={problem ? "true" : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          placeholder="tool or tool(specifier)"
          list="tools-of-rules"
          spellcheck={false}
          autocomplete="off"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            refuse(keyOf(list), null);
          }}
        />
        <button type="submit" disabled={typed.trim() === ""}>Add</button>
      </form>
      <p id={`${id}-problem`} class="problem" role="alert">{problem}</p>
    </section>
  );
}

function RuleItem({ list, rule }: { list: List; rule: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  const flaw = flawOf(list, rule);
  const keep = async () => {
    if (typed === null) return;
    const next = typed.trim();
    const isTaken = next === rule || (await changeRules(list, (rules) => rules.map((one) => (one === rule ? next : one)).filter(Boolean)));
    if (isTaken) setTyped(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") void keep();
    else setTyped(null);
  };
  return (
    <li>
      <div class="rule-line">
        {typed === null ? (
          <code>{rule}</code>
        ) : (
          <input type="text" ref={(field) => field?.focus()} aria-label={`Change the rule ${rule}`} spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={onKeyDown} />
        )}
        {typed === null ? (
          <button type="button" class="plain" aria-label={`Change the rule ${rule}`} title="Change" onClick={() => setTyped(rule)}>
            <Icon name="edit" />
          </button>
        ) : (
          <button type="button" class="plain" aria-label="Keep the change" title="Keep (Enter)" onClick={() => void keep()}>
            <Icon name="check" />
          </button>
        )}
        <button type="button" class="plain" aria-label={`Remove the rule ${rule}`} title="Remove" onClick={() => void changeRules(list, (rules) => rules.filter((one) => one !== rule))}>
          <Icon name="trash" />
        </button>
      </div>
      {flaw && <p class="flaw"><Icon name="warning" /> Does nothing: {flaw}</p>}
    </li>
  );
}

/** What an approval allowed for the shown conversation alone, until the node stops. */
function SessionRules() {
  const own = overview.value?.session;
  const kept = LISTS.flatMap((list) => own?.[list].map((rule) => ({ list, rule })) ?? []);
  if (kept.length === 0) return null;
  return (
    <section class="rule-list" aria-labelledby="session-rules">
      <h4 id="session-rules">In the conversation that is shown</h4>
      <p>They hold until the node stops.</p>
      <ul>
        {kept.map(({ list, rule }) => (
          <li key={`${list} ${rule}`}>
            <div class="rule-line">
              <span>{ABOUT[list].title.toLowerCase()}</span> <code>{rule}</code>
              <button type="button" class="plain" aria-label={`Forget the rule ${rule}`} title="Forget" onClick={() => void forgetForSession(list, rule)}>
                <Icon name="trash" />
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
