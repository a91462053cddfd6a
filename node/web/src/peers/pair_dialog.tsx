// The dialog in which two owners pair their nodes. It opens at once, and what it holds comes when it is wanted.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { Later } from "../net/later";
import { Icon } from "../shell/icons";
import { closePairing, holdDialog, isOpen, onClosed, shownComparison } from "./pairing";
import "./pair_dialog.css";

const steps = new Later(async () => (await import("./pair_steps")).PairSteps);

export function PairDialog() {
  const own = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    holdDialog(own.current);
    return () => holdDialog(null);
  }, []);
  return (
    <dialog ref={own} class="pair" aria-labelledby="pair-title" onClose={onClosed}>
      <header>
        <h2 id="pair-title">{shownComparison() ? "Compare the digits" : "Pair with another node"}</h2>
        <button type="button" class="plain" aria-label="Close" title="Close" onClick={closePairing}>
          <Icon name="close" />
        </button>
      </header>
      {isOpen.value && <Steps />}
    </dialog>
  );
}

function Steps() {
  useEffect(() => steps.want(), []);
  const Shown = steps.part.value;
  if (Shown) return <Shown />;
  if (!steps.isMissing.value) return null;
  return (
    <p role="alert">
      This could not be fetched from the node.{" "}
      <button type="button" onClick={() => steps.want()}>
        Try again
      </button>
    </p>
  );
}
