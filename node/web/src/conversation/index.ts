// The conversation's door for the rest of the cockpit.

export { Conversation } from "./conversation";
export { currentSession, newSession, openSession } from "./current";
export { unseen } from "./notify";
export { type Focused, focusedContext } from "./surroundings";
export { type ConversationView, sessionOf, viewOf } from "./views";
