/** Learning to write: texts as windows of tokens, each token's target the one after it. */
import { GraftError } from "../../core/errors.ts";
import { TextCorpus } from "../../data/corpus/text-corpus.ts";
import type { ModelInput } from "../../models/types.ts";
import type { ChatUse } from "../../protocol/generation.ts";
import type { GenerationMetrics } from "../../protocol/run.ts";
import { evaluate } from "../../train/evaluate.ts";
import { weightOf } from "../../train/examples.ts";
import { isAdapter } from "../../graph/surgery/lora.ts";
import type { Measured, TaskEngine } from "../engine.ts";
import { chatTemplateOf } from "./chat-template.ts";
import { corpusExamples } from "./examples.ts";
import { graftWriter } from "./graft.ts";
import { generationObjective } from "./objective.ts";
import { drawSamples, promptsOf } from "./samples.ts";
import { ChatWriter, textWriter } from "./writers.ts";

type TextInput = Extract<ModelInput, { readonly kind: "text" }>;

export const textGenerationEngine: TaskEngine = {
  id: "text-generation",
  classes: () => [],
  graft: (loaded, recipe, _, rng) => graftWriter(loaded, recipe, rng),

  async prepare({ recipe, dataset, input, onProgress, control }) {
    const text = textInput(input, recipe.model);
    if (!(dataset instanceof TextCorpus)) throw new GraftError({ where: dataset.name, what: "it is no text to learn to write from", wanted: "plain text, prompts with completions, or conversations", next: "Open other data, or choose another task" });
    const { source, bySplit } = await corpusExamples(dataset, text, recipe, { onProgress, control });
    const prompts = promptsOf(recipe, dataset);
    return {
      source,
      examples: bySplit,
      objective: generationObjective(recipe),
      learningRateScale: (parameter) => (isAdapter(parameter) ? 1 : recipe.trunkLearningRateScale),
      measure: async (_, examples, { problem, control: stop }) => {
        const { loss, score } = await evaluate(examples, { ...problem, batchSize: problem.microBatchSize, control: stop, keepOutputs: false });
        return new MeasuredText({ loss, perplexity: Math.exp(loss), tokenAccuracy: score, tokens: weightOf(source, examples) });
      },
      afterEvaluation: async (epoch, module, stop) => [{ kind: "samples", epoch, samples: await drawSamples({ text: textWriter(module, text), chat: new ChatWriter(module, text) }, prompts, recipe, stop) }],
    };
  },

  writer: (module, input, { asChat }) => (asChat ? new ChatWriter(module, textInput(input, "opened")) : textWriter(module, textInput(input, "opened"))),

  chat: (input, learnedChats) => chatUse(textInput(input, "opened"), learnedChats),
};

/** Any model may be tuned on conversations; another can be asked as in one only if it was published so. */
function chatUse(input: TextInput, learnedChats: boolean): ChatUse | undefined {
  const form = chatTemplateOf(input).id;
  return learnedChats || form === "own" ? { form, isUsual: learnedChats } : undefined;
}

class MeasuredText implements Measured {
  readonly metrics: GenerationMetrics;

  constructor(metrics: GenerationMetrics) {
    this.metrics = metrics;
  }

  results(before: Measured): ReturnType<Measured["results"]> {
    return { kind: "generation", before: (before as MeasuredText).metrics, after: this.metrics };
  }
}

function textInput(input: ModelInput, model: string): TextInput {
  if (input.kind === "text") return input;
  throw new GraftError({ where: `model ${model}`, what: "it does not take text", next: "Choose a model that writes" });
}
