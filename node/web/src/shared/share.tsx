// One shared folder: what is in it, what is left out and why, and who may read it.

import { useState } from "preact/hooks";

import { api } from "../net/api";
import { Icon } from "../shell/icons";
import { useClock } from "../peers/clock";
import { useDoing } from "../peers/doing";
import { type Peer, asksAllowed, look as lookAround, settings, trusted } from "../peers/network";
import { Sure } from "../peers/parts";
import { Problem } from "../peers/problem";
import { ago, plural } from "../peers/words";
import { type Share, share as setShare, unshare } from "./shares";
import { Whom } from "./whom";

export function ShareView({ share }: { share: Share }) {
  return (
    <li class="share">
      <header>
        <Icon name="files" />
        <h3>{share.label}</h3>
        <Freshness share={share} />
      </header>
      <p class="path">{share.folder}</p>
      {share.problem ? <p class="problem">The folder {share.problem}</p> : <Contents share={share} />}
      <Readers share={share} />
      <footer>
        <Sure
          label="Stop sharing"
          question={`Stop sharing ${share.label}? From now on nobody sees it; the folder itself stays as it is. What was read before stays read.`}
          yes={`Stop sharing ${share.label}`}
          act={() => unshare(share.folder)}
        />
      </footer>
    </li>
  );
}

function Freshness({ share }: { share: Share }) {
  const now = useClock(5);
  const text = share.scannedAt === null ? "reading its files…" : `looked at ${ago(share.scannedAt, now)}`;
  return <span class="soft fresh">{text}</span>;
}

function Contents({ share }: { share: Share }) {
  const left = Object.values(share.skipped).reduce((sum, count) => sum + count, 0);
  return (
    <div class="contents">
      <p>
        <strong>{plural(share.files, "file")}</strong>, {plural(share.passages, "passage")} to find
        {left === 0 && "; nothing is left out"}
      </p>
      {left > 0 && (
        <details>
          <summary>
            {plural(left, "file")} left out:{" "}
            {Object.entries(share.skipped)
              .map(([reason, count]) => `${count} ${reason}`)
              .join(", ")}
          </summary>
          <ul>
            {share.skippedFiles.map(({ file, reason }) => (
              <li key={file}>
                <code>{file}</code> <span class="soft">{reason}</span>
              </li>
            ))}
            {left > share.skippedFiles.length && <li class="soft">and {left - share.skippedFiles.length} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
}

function Readers({ share }: { share: Share }) {
  const doing = useDoing();
  const [chosen, setChosen] = useState<readonly string[] | null | undefined>(undefined);
  const whom = share.peers === null ? "every peer that may search what you share" : share.peers.map((peer) => peer.label).sort().join(", ");
  if (chosen === undefined) {
    return (
      <div class="readers">
        <p>
          With <strong>{whom}</strong>{" "}
          {trusted.value.length > 0 && (
            <button type="button" class="link" onClick={() => setChosen(share.peers?.map((peer) => peer.nodeId) ?? null)}>
              Change <span class="visually-hidden">with whom {share.label} is shared</span>
            </button>
          )}
        </p>
        {share.peers?.map(({ nodeId }) => <Kept key={nodeId} nodeId={nodeId} />)}
        {share.alsoReadable.map((told) => (
          <p class="kept" key={told}>
            <Icon name="warning" /> {told}
          </p>
        ))}
      </div>
    );
  }
  const save = () => doing.run(() => setShare(share.folder, chosen)).then((went) => went && setChosen(undefined));
  return (
    <div class="readers">
      <Whom chosen={chosen} choose={setChosen} />
      <div class="answers">
        <button type="button" class="primary" disabled={doing.isBusy || chosen?.length === 0} onClick={() => void save()}>
          Save
        </button>
        <button type="button" onClick={() => setChosen(undefined)}>
          Cancel
        </button>
      </div>
      <Problem of={doing} />
    </div>
  );
}

/** A peer with whom it is shared and who may not read it yet, for want of the right. */
function Kept({ nodeId }: { nodeId: string }) {
  const doing = useDoing();
  const peer = trusted.value.find((one) => one.nodeId === nodeId);
  if (!peer || !asksAllowed.value || mayRead(peer)) return null;
  const allow = async () => {
    await api("PUT", `/api/network/peers/${nodeId}/grants`, { grants: [...new Set([...heldBy(peer), "ask", "shared"])] });
    await lookAround();
  };
  return (
    <p class="kept">
      <Icon name="lock" /> {peer.label} may not search what you share yet.
      <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(allow)}>
        Let {peer.label} search it
      </button>
      <Problem of={doing} />
    </p>
  );
}

function mayRead(peer: Peer): boolean {
  return peer.granted.includes("ask") && peer.granted.includes("shared");
}

function heldBy(peer: Peer): readonly string[] {
  return peer.grants ?? ((settings.value.get("network.defaultGrants") ?? []) as readonly string[]);
}
