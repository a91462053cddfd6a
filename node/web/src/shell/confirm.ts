// A question before something that cannot be taken back, in a dialog that names what it is about.

interface Confirmation {
  /** What would happen, in a sentence or two. */
  text: string;
  /** The verb of the button that does it. */
  button: string;
}

/** Ask; true only when the button was pressed. The keyboard begins on Cancel. */
export function confirmed(title: string, { text, button }: Confirmation): Promise<boolean> {
  const dialog = document.createElement("dialog");
  dialog.className = "ask-text";
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-labelledby", "confirm-title");
  dialog.setAttribute("aria-describedby", "confirm-text");
  const heading = document.createElement("h2");
  heading.id = "confirm-title";
  heading.textContent = title;
  const said = document.createElement("p");
  said.id = "confirm-text";
  said.textContent = text;
  const cancel = buttonOf("Cancel", dialog, "");
  const go = buttonOf(button, dialog, "yes");
  go.className = "alarming";
  const buttons = document.createElement("footer");
  buttons.append(cancel, go);
  const body = document.createElement("div");
  body.className = "asked";
  body.append(heading, said, buttons);
  dialog.append(body);
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(dialog.returnValue === "yes");
    });
  });
}

function buttonOf(text: string, dialog: HTMLDialogElement, answer: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => dialog.close(answer));
  return made;
}
