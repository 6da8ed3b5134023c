/** The pre-trained models to start from, each with what one should know before choosing it. */
import type { ModelCard } from "../../protocol/models.ts";
import { formatBytes, formatCompact } from "../primitives/format.ts";
import classes from "./ModelCards.module.css";

interface ModelCardsProps {
  readonly cards: readonly ModelCard[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

export function ModelCards({ cards, chosen, onChoose }: ModelCardsProps) {
  return (
    <div className={classes.cards} role="radiogroup" aria-label="Model">
      {cards.map((card) => (
        <label key={card.id} className={classes.card} data-chosen={card.id === chosen || undefined}>
          <input
            type="radio"
            name="model"
            className={classes.radio}
            checked={card.id === chosen}
            onChange={() => onChoose(card.id)}
            aria-labelledby={`model-${card.id}`}
            aria-describedby={`model-${card.id}-summary`}
          />
          <span className={classes.head}>
            <span className={classes.name} id={`model-${card.id}`}>
              {card.name}
            </span>
            <span className={classes.size}>
              {formatCompact(card.parameters)} parameters, {formatBytes(card.downloadBytes)}
              {card.origin === "imported" && ", yours"}
            </span>
          </span>
          <span className={classes.summary} id={`model-${card.id}-summary`}>
            {card.summary}
          </span>
          <span className={classes.facts}>
            <Fact name="Good at" text={card.goodAt} />
            <Fact name="Limits" text={card.limits} />
            <Fact name="Trained on" text={card.trainedOn} />
            <Fact name="Input" text={card.input} />
            <Fact name="Licence" text={card.licence} />
            <Fact name="Source" text={card.source} />
          </span>
        </label>
      ))}
    </div>
  );
}

function Fact({ name, text }: { readonly name: string; readonly text: string }) {
  if (text === "") return null;
  return (
    <span className={classes.fact}>
      <span className={classes.factName}>{name}</span>
      <span>{text}</span>
    </span>
  );
}
