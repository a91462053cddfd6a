// Every view of the cockpit: importing one registers what it shows. The order is that of the menus.

import "../conversation";
import "../sessions";
import "../peers";
import "../shared";
import "../recent";
import "../inspector";
import "../activity";
import "../editor";
import "../settings";
