/** Recipes from strangers: as a file on the page, which is also what the command line reads. */
import { Rng } from "../../../core/rng.ts";
import { mutateBytes, mutateJson } from "../../../formats/testing/mutate.ts";
import { parseRecipe } from "../../../protocol/recipe.ts";
import { readRecipeFile, recipeText } from "../../../ui/settings/recipe-json.ts";
import type { HostileInput } from "./survive.ts";

const small = { task: "text-classification", model: "universal-sentence-encoder-lite" };
const whole = parseRecipe({ ...small, columns: { text: "text", label: "label" }, unfreeze: ["encoder/**"] });
const withFields = (fields: string): string => `{"task":"text-classification","model":"x",${fields}}`;
const deep = (open: string, close: string, levels = 100_000): string => open.repeat(levels) + close.repeat(levels);

const handMade: Readonly<Record<string, BlobPart>> = {
  empty: "",
  null: "null",
  "a list": "[]",
  "a text": '"recipe"',
  "no JSON": "{task:1}",
  "cut off": '{"task":"text-cl',
  "no UTF-8": Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  "an unknown field": withFields('"shell":"rm -rf /"'),
  "an unknown field with an escape": withFields('"\\u001b[2J\\u202e":1'),
  "an unknown field of a million letters": withFields(`"${"x".repeat(900_000)}":1`),
  "fifty thousand unknown fields": withFields(Array.from({ length: 50_000 }, (_, i) => `"f${i}":1`).join(",")),
  "__proto__": withFields('"__proto__":{"polluted":1,"epochs":1000}'),
  "__proto__ with an escape": withFields('"\\u005f_proto__":{"polluted":1}'),
  "__proto__ within": withFields('"split":{"__proto__":{"polluted":1}},"lora":{"constructor":{"prototype":{"polluted":1}}}'),
  constructor: withFields('"constructor":{"prototype":{"polluted":1}}'),
  prototype: withFields('"prototype":{"polluted":1}'),
  toJSON: withFields('"toJSON":"x"'),
  "the same field twice": withFields('"epochs":1,"epochs":999999999'),
  "lists without end": deep("[", "]"),
  "objects without end": deep('{"a":', "}").replace("}", "1}"),
  "lists without end in a field": withFields(`"unfreeze":${deep("[", "]")}`),
  "a thousand levels": withFields(`"unfreeze":${deep("[", "]", 1000)}`),
  "two million letters": withFields(`"seed":1${" ".repeat(2_000_000)}`),
  "a model of a million letters": JSON.stringify({ ...small, model: "m".repeat(900_000) }),
  "a hundred thousand patterns": JSON.stringify({ ...small, unfreeze: Array<string>(100_000).fill("a/**") }),
  "a pattern of stars": JSON.stringify({ ...small, unfreeze: [`${"**/".repeat(5000)}x`] }),
  "a zip": "PK\u0003\u0004rest",
  "another task": JSON.stringify({ ...small, task: "mind-reading" }),
  "a task that is a prototype's": JSON.stringify({ ...small, task: "constructor" }),
};

/** Values that no number, choice or switch may have. */
const oddValues = ["1e999", "-1", "0", "1.5", "1e308", "9007199254740993", "null", "true", '"__proto__"', '"1"', "[]", "{}", '[{"__proto__":{}}]', `"${"9".repeat(2000)}"`];
const fields = ["version", "epochs", "batchSize", "learningRate", "optimizer", "seed", "imageSize", "unfreeze", "backend", "split", "lora", "augmentation"];

export function hostileRecipes(): readonly HostileInput[] {
  const random = new Rng(63);
  const made = new Map<string, BlobPart>(Object.entries(handMade));
  fields.forEach((field, i) => {
    for (let k = 0; k < 4; k++) {
      const value = oddValues[(i * 5 + k * 3) % oddValues.length] as string;
      made.set(`${field} ${value.slice(0, 20)}`, withFields(`"${field}":${value}`));
    }
  });
  for (let i = 0; i < 40; i++) made.set(`changed ${i}`, JSON.stringify(mutateJson(whole, random.fork(i))) ?? "");
  for (let i = 0; i < 20; i++) made.set(`damaged ${i}`, mutateBytes(new TextEncoder().encode(JSON.stringify(whole)), random.fork(100 + i)) as Uint8Array<ArrayBuffer>);
  // What is accepted can be written out again.
  return [...made].map(([name, content]) => ({ name, read: async () => recipeText(await readRecipeFile({ path: "recipe.json", blob: new Blob([content]) })) }));
}
