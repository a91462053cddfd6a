// A scrolled box that stays at its end while it grows, until its reader leaves the end.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Within so many pixels of the end a reader counts as being there. */
const NEAR_PX = 48;
/** So near to the beginning or the end of what is in the page, more is wanted. */
const WANTED_PX = 400;
const KEYS_UP = new Set(["PageUp", "ArrowUp", "Home"]);

export interface Stuck {
  isAtEnd: boolean;
  toEnd: () => void;
}

export interface Edges {
  onBeginning: () => void;
  /** Returns whether there is more behind what is in the page, which is now on its way. */
  onEnd: () => boolean;
}

/**
 * Keep `box` at the end of `content`. Only a gesture of the reader lets go of it: heights change by themselves,
 * so scroll events say nothing of what anybody wants.
 */
export function useStick(box: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>, edges: Edges): Stuck {
  const [isAtEnd, setAtEnd] = useState(true);
  const stays = useRef(true);
  const wanted = useRef(edges);
  wanted.current = edges;

  const set = (value: boolean) => {
    stays.current = value;
    setAtEnd(value);
  };
  const toEnd = () => {
    set(true);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };

  useLayoutEffect(() => {
    const [outer, inner] = [box.current, content.current];
    if (!outer || !inner) return;
    const fromEnd = () => outer.scrollHeight - outer.scrollTop - outer.clientHeight;
    const grown = new ResizeObserver(() => {
      if (stays.current) outer.scrollTop = outer.scrollHeight;
    });
    grown.observe(inner);
    grown.observe(outer);
    const ends = new AbortController();
    const heard = { signal: ends.signal, passive: true };
    const canScroll = () => outer.scrollHeight > outer.clientHeight;
    outer.addEventListener("wheel", ({ deltaY }) => deltaY < 0 && canScroll() && set(false), heard);
    outer.addEventListener("touchmove", () => canScroll() && set(false), heard);
    outer.addEventListener("keydown", ({ key }) => KEYS_UP.has(key) && canScroll() && set(false), heard);
    // A press on the scrollbar hits the box itself, beside what it holds.
    outer.addEventListener("pointerdown", ({ target, offsetX }) => target === outer && offsetX > outer.clientWidth && set(false), heard);
    let before = 0;
    outer.addEventListener("scroll", () => {
      // On the way up the first steps are still near the end.
      const goesDown = outer.scrollTop > before;
      before = outer.scrollTop;
      if (stays.current) return;
      const hasMore = fromEnd() < WANTED_PX && wanted.current.onEnd();
      if (!hasMore && fromEnd() < (goesDown ? NEAR_PX : 1)) set(true);
      else if (outer.scrollTop < WANTED_PX) wanted.current.onBeginning();
    }, heard);
    return () => {
      ends.abort();
      grown.disconnect();
    };
  }, []);
  return { isAtEnd, toEnd };
}
