/** Texts, and pairs of texts: into one of several classes, under any number of labels, or to a number. */
import { GraftError } from "../../core/errors.ts";
import { ClassTextDataset, LabelTextDataset, NumberTextDataset } from "../../data/text-dataset.ts";
import { separateTexts } from "../../graph/surgery/separate-texts.ts";
import type { LoadedModel } from "../../models/types.ts";
import { classificationColumns, targetOf } from "../../protocol/data.ts";
import type { Recipe } from "../../protocol/recipe.ts";
import { graftClassifier } from "../classification/head.ts";
import { classesOf, labelsOf, prepareClassification } from "../classification/prepare.ts";
import { answerOf } from "../classification/results.ts";
import type { TaskEngine } from "../engine.ts";
import { BagOfWords } from "./comparison.ts";
import { encodeTexts, takesText, textsToTry, textSource } from "./encode.ts";
import { explainText } from "./explain.ts";
import { labelAnswer, prepareLabels } from "./labels.ts";
import { numberAnswer, prepareNumbers, withUnits } from "./numbers.ts";

/** For two texts an example, the model is told which tokens are of the second. */
function forTexts(loaded: LoadedModel, { columns }: Pick<Recipe, "columns">): LoadedModel {
  const { model, input } = loaded;
  if (classificationColumns(columns)?.secondText === undefined || input.kind !== "text" || input.tokenizer.separatorId === undefined) return loaded;
  return { ...loaded, model: { ...model, graph: separateTexts(model.graph, input.name, input.tokenizer.separatorId) } };
}

export const textClassificationEngine: TaskEngine = {
  id: "text-classification",

  classes: (dataset, recipe) => {
    if (dataset instanceof NumberTextDataset || (dataset === null && targetOf(recipe.columns) === "regression")) return dataset?.classes ?? [""];
    return dataset instanceof LabelTextDataset ? dataset.classes : classesOf(dataset);
  },

  graft(loaded, recipe, classes, rng) {
    const model = graftClassifier(forTexts(loaded, recipe), recipe, classes, rng);
    return targetOf(recipe.columns) === "regression" ? withUnits(model) : model;
  },

  prepare({ recipe, dataset, input }) {
    if (input.kind !== "text") throw takesText(recipe.model);
    if (dataset instanceof LabelTextDataset) return prepareLabels(recipe, dataset, input);
    if (dataset instanceof NumberTextDataset) return prepareNumbers(recipe, dataset, input);
    if (!(dataset instanceof ClassTextDataset)) throw takesText(recipe.model);
    const labels = labelsOf(dataset);
    const yardstick = new BagOfWords(dataset, (training) => ({ kind: "classes", classes: dataset.classes.length, labels: training.map((example) => labels.get(example) ?? 0) }));
    return prepareClassification(recipe, dataset, textSource(dataset, input, recipe, { targetDtype: "int32", target: (example) => ({ data: Int32Array.of(labels.get(example) ?? 0), shape: [] }) }), yardstick);
  },

  explain(module, value, { recipe, input, classes, name, signal }) {
    if (input.kind !== "text") throw takesText(recipe.model);
    const { text, secondText } = textsToTry(value, recipe);
    if (secondText !== undefined) throw new GraftError({ where: "what decided", what: "the model reads two texts at once", wanted: "a model of single texts" });
    const index = classes.indexOf(name);
    if (index < 0) throw new GraftError({ where: "what decided", what: `the model has no output named ${name}`, wanted: "one of its own", next: "Choose one of those that it answers with" });
    return explainText(module, input, text, { of: { kind: targetOf(recipe.columns) === "single-label" ? "class" : "output", index }, maxTokens: recipe.maxTokens, signal });
  },

  predictor: {
    encode(value, input, recipe) {
      if (input.kind !== "text") throw takesText(recipe.model);
      return Promise.resolve(encodeTexts(textsToTry(value, recipe), input, recipe));
    },
    answer(outputs, classes, recipe) {
      const target = targetOf(recipe.columns);
      return target === "regression" ? numberAnswer(outputs, classes) : target === "multi-label" ? labelAnswer(outputs, classes) : answerOf(outputs, classes);
    },
  },
};
