// The door of Markdown: what reads it is fetched as soon as the cockpit stands, and until then a text is shown as it is.

import { useEffect } from "preact/hooks";

import { Later } from "../net/later";
import type { RenderedProps } from "./rendered";
import "./markdown.css";

const reader = new Later(async () => (await import("./rendered")).Rendered);
reader.want();

export function Markdown(props: RenderedProps) {
  const Rendered = reader.part.value;
  useEffect(() => reader.want(), []); // once more, should it have failed before
  return (
    <div class="markdown">{Rendered ? <Rendered {...props} /> : <p class="plain-text">{props.text}</p>}</div>
  );
}
