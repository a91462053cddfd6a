// The owner asked for the cockpit elsewhere, as with `palaver open`: this page comes to the front, if its browser lets it.

import { tell } from "../conversation/notify";
import { socket } from "../net/socket";

export function followFront(): void {
  socket.on("cockpit", "front", (wish) => {
    window.focus();
    const isTold = document.hidden && wish.tell && tell("Your cockpit is here", document.title, "front");
    const came = document.hidden ? (isTold ? "told" : "hidden") : "shown";
    socket.send({ channel: "cockpit", event: "fronted", data: { asked: wish.asked, came } });
  });
}
