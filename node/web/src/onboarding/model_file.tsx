// Running a model file on this machine, without a server.

import { useState } from "preact/hooks";

import { chooseModel } from "../conversation/models";

export function ModelFile() {
  const [path, setPath] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void chooseModel(`gguf:${path.trim().replace(/^gguf:/, "")}`, null);
      }}
    >
      <label for="model-file">A model file (GGUF) on this machine runs without any server:</label>
      <input id="model-file" type="text" placeholder="/path/to/model.gguf" spellcheck={false} autocomplete="off" value={path} onInput={(event) => setPath(event.currentTarget.value)} />
      <button type="submit" disabled={path.trim() === ""}>Run it</button>
    </form>
  );
}
