/** Learning to write: texts as windows of tokens, each token's target the one after it. */
import { GraftError } from "../../core/errors.ts";
import type { TaskEngine } from "../engine.ts";

export const textGenerationEngine: TaskEngine = {
  id: "text-generation",
  classes: () => [],
  graft() {
    throw new GraftError({ where: "text generation", what: "no model can be trained for it yet" });
  },
  prepare() {
    throw new GraftError({ where: "text generation", what: "no model can be trained for it yet" });
  },
};
