/** The learning rate over the run, drawn by the very function that the worker trains with, and said in words below. */
import type { Recipe } from "../../protocol/recipe.ts";
import { formatCount, formatPlural } from "../primitives/format.ts";
import { rateCourse, stepsPerEpoch } from "./plan.ts";
import classes from "./settings.module.css";

interface ScheduleChartProps {
  readonly recipe: Recipe;
  readonly trainingExamples: number;
}

const width = 1000;
const height = 160;
/** Room for the line's own width at the top and bottom. */
const inset = 3;

const formatRate = (rate: number): string => String(Number(rate.toPrecision(3)));

export function ScheduleChart({ recipe, trainingExamples }: ScheduleChartProps) {
  const perEpoch = Math.max(1, stepsPerEpoch(trainingExamples, recipe));
  const totalSteps = perEpoch * recipe.epochs;
  const course = rateCourse(recipe, totalSteps);
  const peak = course.reduce((best, point) => (point.rate > best.rate ? point : best));
  const last = course.at(-1) ?? peak;

  const x = (step: number): number => (totalSteps === 1 ? 0 : (step / (totalSteps - 1)) * width);
  const y = (rate: number): number => height - inset - (rate / recipe.learningRate) * (height - 2 * inset);
  const line = course.map(({ step, rate }, index) => `${index === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(rate).toFixed(1)}`).join("");
  const epochTicks = Array.from({ length: recipe.epochs <= 50 ? recipe.epochs - 1 : 0 }, (_, index) => ((index + 1) / recipe.epochs) * width);
  const about = recipe.task === "image-classification" ? "" : "At least ";

  return (
    <figure className={classes.schedule}>
      <div className={classes.plot}>
        <span className={classes.axisTop} aria-hidden>
          {formatRate(recipe.learningRate)}
        </span>
        <span className={classes.axisBottom} aria-hidden>
          0
        </span>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
          {epochTicks.map((tick) => (
            <line key={tick} className={classes.tick} x1={tick} x2={tick} y1={0} y2={height} />
          ))}
          <path className={classes.area} d={`${line}L${x(last.step)} ${height}L0 ${height}Z`} />
          <path className={classes.rate} d={line} />
        </svg>
      </div>
      <div className={classes.axisEpochs} aria-hidden>
        <span>Start</span>
        <span>{formatPlural(recipe.epochs, "epoch")}</span>
      </div>
      <figcaption className={classes.caption}>
        {about}
        {formatPlural(totalSteps, "step")}: {formatPlural(recipe.epochs, "epoch")} of {formatCount(perEpoch)}. The rate {peak.step === 0 ? "starts at" : `rises to`} {formatRate(peak.rate)}
        {peak.step > 0 && ` by step ${formatCount(peak.step + 1)}`} and {last.rate === peak.rate ? "stays there" : `ends at ${last.rate < peak.rate / 1000 ? "nearly 0" : formatRate(last.rate)}`}
        {recipe.schedule === "plateau" ? ", unless the validation loss stops falling: then it is lowered." : "."}
      </figcaption>
    </figure>
  );
}
