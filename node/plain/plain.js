// A plain conversation with the node over /ws. Text enters the page as text nodes only.

const byId = (id) => document.getElementById(id);
const transcript = byId("transcript");
const DECISIONS = { allow_once: "Once", allow_session: "This session", allow_always: "Always", deny: "No" };
const turns = new Map(); // turnId -> the elements that show it

let socket;
let sessionId = sessionStorage.getItem("session");
let lastSeq = 0;
let running = null;
let retryMs = 500;
let nodeDown = { state: "node_down", text: "the node is not running", remedy: "" }; // the node says the rest

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function add(...made) {
  const atEnd = transcript.scrollHeight - transcript.scrollTop - transcript.clientHeight < 40;
  transcript.append(...made);
  if (atEnd) transcript.scrollTop = transcript.scrollHeight;
}

function send(event, data) {
  socket.send(JSON.stringify({ channel: "agent", event, data }));
}

function turnOf(turnId) {
  if (!turns.has(turnId)) {
    const details = element("details", "");
    details.append(element("summary", "", "Reasoning"), element("span", ""));
    details.hidden = true;
    const answer = element("div", "said agent");
    answer.hidden = true;
    add(details, answer);
    turns.set(turnId, { details, answer });
  }
  return turns.get(turnId);
}

function setRunning(turnId) {
  running = turnId;
  byId("stop").hidden = !turnId;
}

function askApproval(data) {
  const card = element("section", "approval", `Allow ${data.tool}? (${data.reason})`);
  card.dataset.approval = data.approvalId;
  card.append(element("pre", "", JSON.stringify(data.args, null, 2)));
  for (const decision of data.decisions) {
    const label = DECISIONS[decision];
    const button = element("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => send("approval_response", { approvalId: data.approvalId, decision }));
    card.append(button, " ");
  }
  add(card);
}

function clearTranscript() {
  turns.clear();
  setRunning(null);
  transcript.replaceChildren();
}

function showMessage({ role, content, turnId }) {
  if (role === "user") {
    add(element("div", "said owner", content));
    if (turnId) turnOf(turnId);
  } else if (role === "agent") {
    const answer = turnId ? turnOf(turnId).answer : element("div", "said agent");
    answer.hidden = !content;
    answer.textContent = content;
    if (!turnId) add(answer);
  } else {
    add(element("div", "tool", content));
  }
}

function showOpenTurn(turn) {
  if (!turns.has(turn.turnId)) showMessage({ role: "user", content: turn.prompt, turnId: turn.turnId });
  if (turn.reasoning) handlers.reasoning({ turnId: turn.turnId, delta: turn.reasoning });
  if (turn.text) handlers.token({ turnId: turn.turnId, delta: turn.text });
  turn.calls.forEach(handlers.tool_call);
  turn.approvals.forEach(askApproval);
  if (turn.running) setRunning(turn.turnId);
}

const handlers = {
  queued(data) {
    sessionId = data.sessionId;
    sessionStorage.setItem("session", sessionId);
    if (!turns.has(data.turnId)) add(element("div", "said owner", data.prompt));
    turnOf(data.turnId);
    setRunning(data.turnId);
  },
  snapshot(data) {
    clearTranscript();
    if (data.messageCount > data.messages.length) add(element("div", "tool", "… earlier messages are not shown here"));
    data.messages.forEach(showMessage);
    data.turns.forEach(showOpenTurn);
  },
  status(data) {
    if (!data.startsOver) return;
    const { details, answer } = turnOf(data.turnId);
    details.lastChild.textContent = "";
    answer.textContent = "";
  },
  compacted: (data) => add(element("div", "tool", `${data.turns} earlier turns are read as a summary from here on`)),
  emptied: clearTranscript,
  reasoning(data) {
    const { details } = turnOf(data.turnId);
    details.hidden = false;
    details.lastChild.append(data.delta);
  },
  token(data) {
    const { answer } = turnOf(data.turnId);
    answer.hidden = false;
    answer.append(data.delta);
  },
  tool_call: (data) => turnOf(data.turnId).answer.before(element("div", "tool", `${data.name} ${JSON.stringify(data.args)}`)),
  tool_done: (data) => turnOf(data.turnId).answer.before(element("div", "tool", `  ${data.ok ? "→" : "✗"} ${data.result}`)),
  approval_request: askApproval,
  approval_resolved: (data) => document.querySelector(`[data-approval="${CSS.escape(data.approvalId)}"]`)?.remove(),
  answer(data) {
    const { answer } = turnOf(data.turnId);
    answer.hidden = false;
    answer.textContent = data.text;
  },
  error(data) {
    add(element("div", "said failed", data.message));
  },
  done(data) {
    if (data.reason === "cancelled") add(element("div", "tool", "stopped"));
    if (running === data.turnId) setRunning(null);
    showModel();
  },
};

async function showModel() {
  const response = await fetch("/api/agent/status").catch(() => null);
  if (!response?.ok) return;
  const { model, readiness, ifDown } = await response.json();
  nodeDown = ifDown;
  const what = readiness.state === "ready" || readiness.state === "not_configured" ? model.label : readiness.text;
  showReadiness({ ...readiness, text: what });
}

function showReadiness({ state, text, remedy }) {
  byId("model").dataset.state = state;
  byId("model").textContent = remedy ? `${text}: ${remedy}` : text;
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/ws`);
  socket.addEventListener("open", () => {
    retryMs = 500;
    showModel();
    if (sessionId) send("resume", { sessionId, lastSeq });
  });
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.channel === "system" && frame.event === "hello") {
      byId("node").textContent = `${frame.data.name} · ${frame.data.nodeId.slice(0, 8)}`;
      return;
    }
    if (frame.seq !== undefined) {
      if (frame.data.sessionId !== sessionId && frame.event !== "queued") return;
      lastSeq = Math.max(lastSeq, frame.seq);
    }
    if (frame.channel === "models") showModel();
    if (frame.channel === "agent") handlers[frame.event]?.(frame.data);
  });
  socket.addEventListener("close", () => {
    byId("node").textContent = "trying again …";
    showReadiness(nodeDown);
    setTimeout(connect, (retryMs = Math.min(retryMs * 2, 8000)));
  });
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const prompt = byId("prompt").value.trim();
  if (!prompt || socket.readyState !== WebSocket.OPEN) return;
  byId("prompt").value = "";
  send("ask", { turnId: crypto.randomUUID(), prompt, sessionId: sessionId ?? undefined });
});
byId("prompt").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("composer").requestSubmit();
});
byId("stop").addEventListener("click", () => running && send("cancel", { turnId: running }));
byId("new").addEventListener("click", () => {
  sessionStorage.removeItem("session");
  sessionId = null;
  lastSeq = 0;
  clearTranscript();
});
connect();
