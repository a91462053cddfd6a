// Puts the cockpit into the page.

import { render } from "preact";

import { App } from "./app";
import "./style/tokens.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
