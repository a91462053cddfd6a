// The pane of shared folders: what friends' agents may look into, and what is kept from them.

import { useEffect } from "preact/hooks";

import { Icon } from "../shell/icons";
import { AsksSwitch } from "../peers/head";
import { asksAllowed, look as lookAround, trusted } from "../peers/network";
import { openPairing } from "../peers/pairing";
import { Offline } from "../peers/parts";
import { AddShare } from "./add";
import { ShareView } from "./share";
import { look, shares } from "./shares";
import { Try } from "./try";
import "./shared.css";

/** The node looks at its folders by itself; this is how soon the owner sees what it found. */
const REFRESH_MS = 5_000;

export function Shared() {
  useEffect(() => {
    void lookAround();
    void look();
    const timer = setInterval(() => document.visibilityState === "visible" && void look(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const all = shares.value;
  return (
    <div class="shared">
      <Offline />
      <header>
        <h2>Shared folders</h2>
        <p class="soft">
          When a friend's agent asks yours, the answer may come from these folders, with the file and the lines that it rests on.
          Beside them it can read your notes, if you grant that, and nothing else.
        </p>
      </header>
      {all?.length === 0 && <Nothing />}
      {all && all.length > 0 && !asksAllowed.value && (
        <section class="held" aria-label="What keeps peers out">
          <AsksSwitch />
        </section>
      )}
      {all && all.length > 0 && (
        <ul class="folders" aria-label="Shared folders">
          {all.map((share) => (
            <ShareView key={share.folder} share={share} />
          ))}
        </ul>
      )}
      <AddShare />
      {all && all.length > 0 && <Try />}
    </div>
  );
}

function Nothing() {
  return (
    <section class="no-shares" aria-label="Nothing is shared">
      <Icon name="files" />
      <p>
        <strong>Nothing is shared yet.</strong> Name a folder that friends may learn from: recipes, a handbook, notes of a club.
      </p>
      {trusted.value.length === 0 && (
        <p class="soft">
          You have no peers yet, who could read it.{" "}
          <button type="button" class="link" onClick={() => openPairing("invite")}>
            Invite a friend
          </button>
        </p>
      )}
    </section>
  );
}
