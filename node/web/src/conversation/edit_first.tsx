// The arguments of a call as its owner edits them: a field for each, text as text, all else as JSON.

import { Icon } from "../shell/icons";
import { edited, setEdited } from "./approval";
import { type Args, type Fields, fieldsOf, readFields } from "./arguments";

const ROWS_MAX = 16;

/** Begins to edit, or takes the changes back. */
export function EditFirst({ approvalId, args }: { approvalId: string; args: Args }) {
  const isEditing = edited.value.has(approvalId);
  const toggle = ({ currentTarget }: Event) => {
    setEdited(approvalId, isEditing ? null : fieldsOf(args));
    const question = (currentTarget as HTMLElement).closest(".approval");
    requestAnimationFrame(() => question?.querySelector("textarea")?.focus());
  };
  return (
    <button type="button" class="plain" onClick={toggle}>
      <Icon name="edit" /> {isEditing ? "Leave as it was" : "Edit first"}
    </button>
  );
}

export function ArgumentFields({ approvalId, args, fields }: { approvalId: string; args: Args; fields: Fields }) {
  const read = readFields(fields, args);
  const told = `approval-${approvalId}-problem`;
  return (
    <div class="argument-fields">
      {Object.entries(fields).map(([name, text]) => (
        <label key={name}>
          <code>{name}</code>
          <textarea
            aria-label={name}
            aria-describedby={told}
            spellcheck={false}
            rows={Math.min(ROWS_MAX, text.split("\n").length)}
            value={text}
            onInput={(event) => setEdited(approvalId, { ...fields, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <p id={told} class="problem" role="status">
        {typeof read === "string" ? read : ""}
      </p>
    </div>
  );
}
