// Reading what the node tells line by line.

/** Yield each line of a streamed reply as JSON; rejects when the stream breaks. */
export async function* lines<T>(response: Response): AsyncGenerator<T> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (parts.pop() ?? "");
    for (const part of parts) if (part.trim() !== "") yield JSON.parse(part) as T;
    if (done) return;
  }
}
