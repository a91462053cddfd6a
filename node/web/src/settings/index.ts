// The settings' door for the rest of the cockpit.

import "./settings";
