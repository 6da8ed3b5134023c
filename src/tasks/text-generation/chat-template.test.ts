/** What the conversations look like is what transformers' apply_chat_template makes of the chat_template of the models named here. */
import { describe, expect, test } from "vitest";
import type { ChatTurn } from "../../data/corpus/documents.ts";
import { createHuggingFaceTokenizer } from "../../models/tokenizers/hugging-face.ts";
import { gpt2Tokenizer, llama2Tokenizer, llama3Json } from "../../models/testing/byte-tokenizers.ts";
import { chatTemplateOf } from "./chat-template.ts";

const turns: readonly ChatTurn[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Hello " },
  { role: "assistant", content: "Hi." },
  { role: "user", content: "Bye" },
  { role: "assistant", content: "Bye!" },
];
const chatmlMarks = ["<|im_start|>", "<|im_end|>"];
const llama3Marks = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
const plain = gpt2Tokenizer([]);
const chatml = gpt2Tokenizer([], chatmlMarks);
const llama3 = createHuggingFaceTokenizer(llama3Json(llama3Marks), {}, { paddingId: 256, rows: 260, where: "tokenizer.json" });
const llama2 = llama2Tokenizer([]);
const config = (chat_template: unknown): Record<string, unknown> => ({ "tokenizer_config.json": { chat_template } });

const chatmlTemplate = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}";
const llama3Template = "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}";
const llama2Template = "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{{ ' ' + content.strip() + ' ' + eos_token }}";

/** With `[` and `]` around what is learned, `^` where a text begins anew, `$` where one ends. */
const shown = (segments: ReturnType<ReturnType<typeof chatTemplateOf>["segments"]>): string =>
  segments.map(({ text, isLearned, begins, ends }) => `${begins ? "^" : ""}${isLearned ? `⟦${text}${ends ? "$" : ""}⟧` : text}`).join("");

describe("a conversation", () => {
  test("in ChatML", () => {
    const template = chatTemplateOf(config(chatmlTemplate), chatml);
    expect(template.id).toBe("chatml");
    expect(shown(template.segments(turns))).toBe("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello <|im_end|>\n<|im_start|>assistant\n⟦Hi.<|im_end|>⟧\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n⟦Bye!<|im_end|>⟧\n");
    expect(template.opening).toBe("<|im_start|>assistant\n");
  });

  test("in Llama 3's form, trimmed", () => {
    const template = chatTemplateOf(config(llama3Template), llama3);
    expect(template.id).toBe("llama-3");
    expect(shown(template.segments(turns))).toBe(
      "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦Hi.<|eot_id|>⟧<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦Bye!<|eot_id|>⟧",
    );
    expect(template.opening).toBe("<|start_header_id|>assistant<|end_header_id|>\n\n");
  });

  test("in Llama 2's form, with the system's words in the first turn, and each pair of turns a text of its own", () => {
    const template = chatTemplateOf(config(llama2Template), llama2);
    expect(template.id).toBe("llama-2");
    expect(shown(template.segments(turns))).toBe("[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST]⟦ Hi. $⟧^[INST] Bye [/INST]⟦ Bye! $⟧");
    expect(shown(template.segments(turns.slice(1, 3)))).toBe("[INST] Hello [/INST]⟦ Hi. $⟧");
  });

  test("in plain lines, which a person can type", () => {
    const template = chatTemplateOf({}, plain);
    expect(template.id).toBe("plain");
    expect(shown(template.segments(turns))).toBe("System: Be brief.\nUser: Hello \nAssistant:⟦ Hi.$⟧\nUser: Bye\nAssistant:⟦ Bye!$⟧");
    expect(template.opening).toBe("\nAssistant:");
  });
});

describe("the template", () => {
  test("may be one of several by name", () => {
    expect(chatTemplateOf(config([{ name: "default", template: chatmlTemplate }]), chatml).id).toBe("chatml");
  });

  test("is plain where the tokenizer does not know the marks, or the form is unknown", () => {
    expect(chatTemplateOf(config(chatmlTemplate), plain).id).toBe("plain");
    expect(chatTemplateOf(config(llama3Template), plain).id).toBe("plain");
    for (const strange of [undefined, null, 3, "", "{{ messages }}", { __proto__: null }]) expect(chatTemplateOf(config(strange), chatml).id).toBe("plain");
    expect(chatTemplateOf({ "tokenizer_config.json": null }, chatml).id).toBe("plain");
  });
});
