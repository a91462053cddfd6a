// Which addresses in a stranger's text may become links.

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** Return the address as it may be followed, or null: it then stays text. `origin` is that of the page. */
export function safeAddress(href: string, origin: string): string | null {
  const written = href.trim();
  if (written.startsWith("#")) return written;
  let url: URL;
  try {
    // A relative address would lead to the owner's door; only a whole path of it may.
    url = /^\/(?![/\\])/.test(written) ? new URL(written, origin) : new URL(written);
  } catch {
    return null;
  }
  if (!ALLOWED.has(url.protocol)) return null;
  // What looks like one place and leads to another: a name and password before the host.
  if (url.username || url.password) return null;
  return url.href;
}

/** Whether an address leads away from the page's own node. */
export function isForeign(address: string, origin: string): boolean {
  return !address.startsWith("#") && !address.startsWith(`${origin}/`);
}
