/** Text generation, as the page introduces it. */
import type { TaskManifest } from "../types.ts";

export const textGeneration: TaskManifest = {
  id: "text-generation",
  name: "Text generation",
  summary: "Write on in the style of texts: plain text, a CSV of prompts and completions, or chats.",
  input: "text",
  defaultModel: "graft-gpt2",
};
