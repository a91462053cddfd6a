// Which rows of a long list are in view. Pure.

/** Rows before and behind the view that are in the page, too: a quick scroll does not show bare ground. */
const BESIDE = 12;

export interface Slice {
  readonly from: number;
  /** The first one that is not shown any more. */
  readonly to: number;
}

export function sliceOf(scrollTop: number, height: number, rowHeight: number, count: number): Slice {
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - BESIDE);
  const to = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + BESIDE);
  return { from: Math.min(from, to), to };
}
