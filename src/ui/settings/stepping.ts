/** What one press of an arrow key does to a number: by a fixed amount, or along the series in which a setting is usually tried. */
import { fieldControl } from "./controls.ts";
import { fieldProblem, type FieldPath } from "./fields.ts";

type Stepping = number | "doubling" | "1-2-5";

const steppings: Partial<Record<FieldPath, Stepping>> = {
  imageSize: 32,
  maxTokens: 16,
  batchSize: "doubling",
  momentum: 0.01,
  learningRate: "1-2-5",
  weightDecay: 0.01,
  gradientClipNorm: 0.5,
  "augmentation.rotationDegrees": 5,
};

/** Without binary dust: 0.1 + 0.05 is 0.15. */
const tidy = (value: number): number => Number(value.toPrecision(10));

/** The next member above or below of …, 0.01, 0.02, 0.05, 0.1, … */
function nextOneTwoFive(value: number, direction: 1 | -1): number {
  const magnitude = Math.floor(Math.log10(value));
  const members = [-1, 0, 1].flatMap((offset) => [1, 2, 5].map((digit) => Number(`${digit}e${magnitude + offset}`)));
  const beyond = direction === 1 ? members.filter((member) => member > value * (1 + 1e-9)) : members.filter((member) => member < value * (1 - 1e-9)).reverse();
  return beyond[0] ?? value;
}

function target(value: number, stepping: Stepping, direction: 1 | -1): number {
  if (stepping === "1-2-5") return nextOneTwoFive(value, direction);
  if (stepping === "doubling") return direction === 1 ? 2 ** (Math.floor(Math.log2(value)) + 1) : 2 ** (Math.ceil(Math.log2(value)) - 1);
  return tidy(direction === 1 ? (Math.floor(tidy(value / stepping)) + 1) * stepping : (Math.ceil(tidy(value / stepping)) - 1) * stepping);
}

/** The value one step on, inside the range; the value itself where there is no way on. */
export function stepSetting(path: FieldPath, value: number, direction: 1 | -1): number {
  const control = fieldControl(path);
  if (control.kind !== "number") return value;
  const next = target(value, steppings[path] ?? (control.integer ? 1 : 0.05), direction);
  const inside = Math.min(control.max, Math.max(control.min, next));
  return fieldProblem(path, inside) === null ? inside : value;
}
