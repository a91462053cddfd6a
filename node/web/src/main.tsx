// Puts the cockpit into the page.

import { render } from "preact";

import "./style/tokens.css";
import "./panes";
import { App } from "./app";
import { start } from "./shell/cockpit";

start();
const root = document.getElementById("app");
if (root) render(<App />, root);
