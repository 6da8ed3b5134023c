/** How a model is asked to write: to go on from a text, or to answer in a conversation. */
import type { ChatTurn } from "../../data/corpus/documents.ts";
import type { DecodedModule } from "../../engine/generation/cached-decoder.ts";
import { TextGenerator, type GeneratedText, type GenerationHooks } from "../../engine/generation/text-generator.ts";
import type { ModelInput } from "../../models/types.ts";
import type { GenerationOptions } from "../../protocol/generation.ts";
import type { Writer } from "../engine.ts";
import { chatTemplateOf, type ChatTemplate } from "./chat-template.ts";

type TextInput = Extract<ModelInput, { readonly kind: "text" }>;

export function textWriter(module: DecodedModule, { tokenizer, maxTokens, endOfText = [] }: TextInput): Writer {
  return new TextGenerator({ module, tokenizer, maxTokens, endOfText });
}

/** Puts the chat template around what is asked, and stops where the assistant's turn ends. */
export class ChatWriter implements Writer {
  private readonly generator: TextGenerator;
  private readonly template: ChatTemplate;
  /** Ends of a turn that are no single token. */
  private readonly stops: readonly string[];

  constructor(module: DecodedModule, { tokenizer, tokenizerFiles, maxTokens, endOfText = [] }: TextInput) {
    this.template = chatTemplateOf({ tokenizer, tokenizerFiles });
    const around = tokenizer.encode("").length;
    const turnEnds = this.template.turnEnds.map((text) => ({ text, ids: [...tokenizer.encode(text)] }));
    const isToken = ({ ids }: { readonly ids: readonly number[] }): boolean => ids.length === around + 1;
    const ids = turnEnds.filter(isToken).flatMap((end) => end.ids.slice(-1));
    this.stops = turnEnds.filter((end) => !isToken(end)).map(({ text }) => text);
    this.generator = new TextGenerator({ module, tokenizer, maxTokens, endOfText: [...new Set([...endOfText, ...ids])] });
  }

  /** @param prompt what a person says. */
  generate(prompt: string, options: GenerationOptions, hooks?: GenerationHooks): Promise<GeneratedText> {
    return this.answer([{ role: "user", content: prompt }], options, hooks);
  }

  /** @throws GraftError if the template has no place for turns in this order. */
  answer(turns: readonly ChatTurn[], options: GenerationOptions, hooks?: GenerationHooks): Promise<GeneratedText> {
    return this.generator.generate(this.template.opening(turns), { ...options, stop: [...options.stop, ...this.stops] }, hooks);
  }
}
