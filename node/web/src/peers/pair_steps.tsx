// What the dialog of pairing holds: the ways to meet, or the digits that are compared.

import { Compare } from "./compare";
import { shownComparison } from "./pairing";
import { Ways } from "./ways";
import "./pairing.css";

export function PairSteps() {
  const comparison = shownComparison();
  return comparison ? <Compare comparison={comparison} /> : <Ways />;
}
