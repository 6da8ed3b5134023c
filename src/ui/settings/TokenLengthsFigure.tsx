/** How long the texts are for the chosen model, and what the limit cuts of them. */
import { useId } from "react";
import type { TokenLengths } from "../../protocol/data.ts";
import { Histogram } from "../charts/Histogram.tsx";
import { formatCount } from "../primitives/format.ts";
import { describeCut } from "./token-lengths.ts";
import classes from "./settings.module.css";

export function TokenLengthsFigure({ lengths }: { readonly lengths: TokenLengths }) {
  const heading = useId();
  const { bins, limit, longest } = lengths;
  return (
    <div className={classes.schedule} role="group" aria-labelledby={heading}>
      <h3 className={classes.lengthsTitle} id={heading}>
        Token lengths
      </h3>
      <Histogram bins={bins} limit={limit} what="Tokens a text" summary={`${describeCut(lengths)} The longest has ${formatCount(longest)}.${longest > 2 * limit ? " The last bar holds everything longer." : ""}`} />
    </div>
  );
}
