/** The samples that are one click away: put beside the page when it is built, most of them made of emoji packages. */
import { GraftError } from "../core/errors.ts";
import type { SampleCard } from "../protocol/api.ts";
import type { SourceFile } from "../protocol/data.ts";

interface Sample extends SampleCard {
  readonly file: string;
}

export const samples: readonly Sample[] = [
  {
    id: "emoji-images",
    name: "Emoji pictures",
    summary: "Small pictures in eight categories, drawn by Google for training and by Twitter for the test.",
    task: "image-classification",
    file: "emoji-images.zip",
  },
  {
    id: "emoji-names",
    name: "Emoji names",
    summary: "A CSV of emoji names and their categories, such as “red apple” and “Food & Drink”.",
    task: "text-classification",
    file: "emoji-names.csv",
  },
  {
    id: "moby-dick",
    name: "Moby-Dick",
    summary: "The first eight chapters of Melville’s novel, as plain text: teach a model to write like it.",
    task: "text-generation",
    file: "moby-dick.txt",
  },
];

export async function fetchSample(id: string, embeddedBase: string, signal: AbortSignal): Promise<SourceFile> {
  const sample = samples.find((candidate) => candidate.id === id);
  if (!sample) throw new GraftError({ where: `sample "${id}"`, what: "no such sample", wanted: samples.map((candidate) => candidate.id).join(" or ") });
  const response = await fetch(`${embeddedBase}samples/${sample.file}`, { signal });
  if (!response.ok) throw new GraftError({ where: sample.file, what: `the page's server answered ${response.status}`, next: "Reload the page and try again" });
  return { path: sample.file, blob: await response.blob() };
}
