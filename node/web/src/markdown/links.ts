// Which addresses in a stranger's text may become links.

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** Return the address as it may be followed, or null: it then stays text. `origin` is that of the page. */
export function safeAddress(href: string, origin: string): string | null {
  let url: URL;
  try {
    url = new URL(href.trim());
  } catch {
    return null;
  }
  // The page's own node is its owner's door, and no stranger leads there.
  if (!ALLOWED.has(url.protocol) || url.origin === origin) return null;
  // What looks like one place and leads to another: a name and password before the host.
  if (url.username || url.password) return null;
  return url.href;
}
