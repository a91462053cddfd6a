// One formula; what draws it is fetched with the first, and until then its source stands there.

import { useEffect, useMemo } from "preact/hooks";

import { Later } from "../net/later";
import { visible } from "../shell/visible";

const drawer = new Later(async () => (await import("./tex")).drawn);

export function Formula({ tex, isOwnLine }: { tex: string; isOwnLine: boolean }) {
  useEffect(() => drawer.want(), []);
  const draw = drawer.part.value;
  const drawn = useMemo(() => draw?.(tex, isOwnLine) ?? null, [draw, tex, isOwnLine]);
  if (drawn === null) return <code>{visible(tex)}</code>;
  if (!isOwnLine) return <>{drawn}</>;
  // It scrolls sideways, so it has to be reachable without a mouse.
  return (
    <span class="formula" tabIndex={0} role="group" aria-label="Formula">
      {drawn}
    </span>
  );
}
