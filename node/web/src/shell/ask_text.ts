// A small dialog that asks for one line.

export interface Question {
  label: string;
  button: string;
  value?: string;
  maxChars?: number;
  /** Does it; what it fails with is told, and the question stays open. */
  take?: (typed: string) => Promise<unknown>;
}

/** Ask, and return what was typed; null when the question was closed. */
export function askText(title: string, { label, button, value = "", maxChars = 60, take }: Question): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.className = "ask-text";
  dialog.setAttribute("aria-label", title);
  const form = document.createElement("form");
  form.method = "dialog";
  const heading = document.createElement("h2");
  heading.textContent = title;
  const named = document.createElement("label");
  named.textContent = label;
  const input = document.createElement("input");
  input.type = "text";
  input.maxLength = maxChars;
  input.required = true;
  input.value = value;
  named.append(input);
  const problem = document.createElement("p");
  problem.className = "problem";
  problem.setAttribute("role", "alert");
  const go = buttonOf(button, "primary");
  const cancel = buttonOf("Cancel", "");
  cancel.type = "button";
  cancel.addEventListener("click", () => dialog.close());
  const buttons = document.createElement("footer");
  buttons.append(cancel, go);
  form.append(heading, named, problem, buttons);
  dialog.append(form);
  document.body.append(dialog);
  let typed: string | null = null;
  form.addEventListener("submit", (event) => {
    // The page's policy allows no form to be sent anywhere, and this one is not.
    event.preventDefault();
    const said = input.value.trim();
    if (said === "") return void (problem.textContent = "There are only blanks here.");
    Promise.resolve(take?.(said)).then(
      () => {
        typed = said;
        dialog.close();
      },
      (error: unknown) => (problem.textContent = error instanceof Error ? error.message : String(error)),
    );
  });
  dialog.showModal();
  input.select();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(typed);
    });
  });
}

function buttonOf(text: string, kind: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "submit";
  made.className = kind;
  made.textContent = text;
  return made;
}
