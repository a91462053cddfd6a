// What a first message could be: a few sentences, and a form to fill in. A press puts it into the composer.

import { wishDraft } from "../conversation/focus";

interface Starter {
  readonly title: string;
  readonly text: string;
  /** Where the cursor goes. */
  readonly cursor: number;
}

const FORM = "Task: \nInputs: \nOutput: \nConstraints: ";

export const STARTERS: readonly Starter[] = [
  starter("What can you do?", "What can you do here, and what would you ask me about first?"),
  starter("Look into my notes", "Search my notes for "),
  starter("Ask my peers", "Ask all my peers: "),
  { title: "Task, inputs, output, constraints", text: FORM, cursor: FORM.indexOf("\n") },
];

function starter(title: string, text: string): Starter {
  return { title, text, cursor: text.length };
}

export function Starters({ sessionId }: { sessionId: string }) {
  return (
    <div class="starters" role="group" aria-label="Begin with">
      {STARTERS.map(({ title, text, cursor }) => (
        <button key={title} type="button" onClick={() => wishDraft({ sessionId, text, cursor })}>
          {title}
        </button>
      ))}
    </div>
  );
}
