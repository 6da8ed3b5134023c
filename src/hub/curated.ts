/**
 * Models that are good to start from, shown before anybody is asked. Licences and sizes are those of the repositories' own pages;
 * only repositories that name a licence and have safetensors on their main branch. What is here is picked and described like any other repository.
 */
import type { HubHit } from "../protocol/hub.ts";
import type { TaskId } from "../protocol/recipe.ts";

export type CuratedModel = HubHit & { readonly task: TaskId; readonly why: string };

function model(task: TaskId, name: string, modelType: string, facts: { readonly licence: string; readonly parameters: number; readonly bytes: number; readonly why: string }): CuratedModel {
  return { task, name, modelType, downloads: null, gate: "open", ...facts };
}

export const curated: readonly CuratedModel[] = [
  model("text-classification", "distilbert/distilbert-base-uncased", "distilbert", { licence: "apache-2.0", parameters: 67e6, bytes: 268e6, why: "English. Nearly as good as BERT in half the time: where to begin." }),
  model("text-classification", "distilbert/distilroberta-base", "roberta", { licence: "apache-2.0", parameters: 82.8e6, bytes: 331e6, why: "English with capitals and punctuation, as in reviews and messages." }),
  model("text-classification", "google-bert/bert-base-uncased", "bert", { licence: "apache-2.0", parameters: 110e6, bytes: 440e6, why: "English. The one that everything is compared with." }),
  model("text-classification", "FacebookAI/roberta-base", "roberta", { licence: "mit", parameters: 125e6, bytes: 499e6, why: "English. Often the most accurate of this size." }),
  model("text-classification", "HuggingFaceTB/SmolLM2-135M", "llama", { licence: "apache-2.0", parameters: 135e6, bytes: 269e6, why: "A small language model of today: English, longer texts." }),
  model("text-classification", "openai-community/gpt2", "gpt2", { licence: "mit", parameters: 137e6, bytes: 548e6, why: "The classic small language model, well studied." }),
  model("text-generation", "HuggingFaceTB/SmolLM2-135M", "llama", { licence: "apache-2.0", parameters: 135e6, bytes: 269e6, why: "A small language model of today: English. Where to begin." }),
  model("text-generation", "HuggingFaceTB/SmolLM2-135M-Instruct", "llama", { licence: "apache-2.0", parameters: 135e6, bytes: 269e6, why: "The same, taught to answer in chats: for conversations of your own." }),
  model("text-generation", "distilbert/distilgpt2", "gpt2", { licence: "apache-2.0", parameters: 88.2e6, bytes: 353e6, why: "GPT-2 at half the depth: the quickest to train." }),
  model("text-generation", "openai-community/gpt2", "gpt2", { licence: "mit", parameters: 137e6, bytes: 548e6, why: "The classic small language model, well studied." }),
  model("text-generation", "Qwen/Qwen2.5-0.5B-Instruct", "qwen2", { licence: "apache-2.0", parameters: 494e6, bytes: 988e6, why: "Many languages, and answers in chats; adapters only, on most devices." }),
  model("image-classification", "timm/mobilenetv3_small_100.lamb_in1k", "mobilenetv3_small_100", { licence: "apache-2.0", parameters: 2.54e6, bytes: 10.2e6, why: "Tiny: every layer trains on any laptop. Photos of everyday things." }),
  model("image-classification", "microsoft/resnet-18", "resnet", { licence: "apache-2.0", parameters: 11.7e6, bytes: 46.8e6, why: "Plain and dependable, forgiving with few images." }),
  model("image-classification", "microsoft/resnet-50", "resnet", { licence: "apache-2.0", parameters: 25.6e6, bytes: 102e6, why: "The standard network of the field." }),
  model("image-classification", "google/vit-base-patch16-224", "vit", { licence: "apache-2.0", parameters: 86.6e6, bytes: 346e6, why: "Seen 14 million images: the finest distinctions, at the highest cost." }),
];
