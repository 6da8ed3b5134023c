/** What conversations look like is what Jinja2 makes of published chat templates; what of them is learned is said here. */
import { describe, expect, test } from "vitest";
import type { ChatTurn, Role } from "../../data/corpus/documents.ts";
import { gpt2Tokenizer } from "../../models/testing/byte-tokenizers.ts";
import { chatTemplateOf, type ChatTemplate, type Segment } from "./chat-template.ts";
import goldens from "./goldens/chat-templates.json" with { type: "json" };

type Golden = (typeof goldens.cases)[number];
/** Puts nothing ahead of a text, so that the templates' own marks stay. */
const unmarked = gpt2Tokenizer([]);
/** Puts a mark ahead of every text. */
const marked = { ...unmarked, encode: () => Int32Array.of(1) };

const ownOf = ({ template, bos, eos }: Pick<Golden, "template" | "bos" | "eos">, tokenizer = unmarked): ChatTemplate =>
  chatTemplateOf({ tokenizer, tokenizerFiles: { "tokenizer_config.json": { chat_template: template, bos_token: bos, eos_token: { __type: "AddedToken", content: eos } } } });
const golden = (name: string): Golden => goldens.cases.find((each) => each.name.includes(name)) as Golden;
const { words } = goldens.reference;

function turnsIn(order: string): readonly ChatTurn[] {
  const said = new Map<string, number>();
  return order.split(" ").map((role) => {
    const n = said.get(role) ?? 0;
    said.set(role, n + 1);
    return { role: role as Role, content: words[role as Role][n] as string };
  });
}

const whole = (segments: readonly Segment[]): string => segments.map(({ text }) => text).join("");
/** With ⟦ and ⟧ around what is learned, `$` where a token ends a text. */
const shown = (segments: readonly Segment[]): string => segments.map(({ text, isLearned, ends }) => (isLearned ? `⟦${text}${ends ? "$" : ""}⟧` : text)).join("");

describe("published templates", () => {
  test("are six, each with six conversations", () => {
    expect(goldens.cases.map(({ name, conversations }) => [name.replace(/[-,].*/, ""), conversations.length])).toEqual(["Qwen2", "Llama", "Meta", "Mistral", "zephyr", "gemma"].map((name) => [name, 6]));
    expect(goldens.cases.flatMap(({ conversations }) => conversations.filter((each) => each.whole === null)).length).toBe(4);
  });

  test.each(goldens.cases)("give conversations the form that Jinja2 does: $name", (model) => {
    const template = ownOf(model);
    expect(template.id).toBe("own");
    for (const { order, whole: wanted, opening } of model.conversations) {
      if (wanted !== null) expect(whole(template.segments(turnsIn(order))), order).toBe(wanted);
      if (opening !== null) expect(template.opening(turnsIn(order)), order).toBe(opening);
    }
  });

  test.each([
    ["Qwen2", "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHello  \n<|im_end|>\n<|im_start|>assistant\n⟦ Hi, é🙂!\n<|im_end|>⟧\n<|im_start|>user\n {{ Bye }}?<|im_end|>\n<|im_start|>assistant\n⟦Bye\n\nnow <|im_end|>⟧\n"],
    ["Llama-2", "<s>[INST] <<SYS>>\n Be brief. \n<</SYS>>\n\nHello [/INST]⟦ Hi, é🙂! </s>⟧<s>[INST] {{ Bye }}? [/INST]⟦ Bye\n\nnow </s>⟧"],
    ["Meta-Llama-3", "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦Hi, é🙂!<|eot_id|>⟧<|start_header_id|>user<|end_header_id|>\n\n{{ Bye }}?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦Bye\n\nnow<|eot_id|>⟧"],
    ["Mistral", "<s>[INST]  Be brief. \n\nHello  \n [/INST]⟦ Hi, é🙂!\n</s>⟧ [INST]  {{ Bye }}? [/INST]⟦Bye\n\nnow </s>⟧ "],
    ["zephyr", "<|system|>\n Be brief. </s>\n<|user|>\nHello  \n</s>\n<|assistant|>\n⟦ Hi, é🙂!\n</s>⟧\n<|user|>\n {{ Bye }}?</s>\n<|assistant|>\n⟦Bye\n\nnow </s>⟧\n"],
    ["gemma", "<bos><start_of_turn>user\nBe brief. \n\nHello<end_of_turn>\n<start_of_turn>model\n⟦Hi, é🙂!<end_of_turn>⟧\n<start_of_turn>user\n{{ Bye }}?<end_of_turn>\n<start_of_turn>model\n⟦Bye\n\nnow<end_of_turn>⟧\n"],
  ])("let the assistant's turns be learned, with their ends, and nothing else; a system that %s has no place for opens the user's first turn", (name, wanted) => {
    expect(shown(ownOf(golden(name)).segments(turnsIn("system user assistant user assistant")))).toBe(wanted);
  });

  test("say what ends a turn of the assistant", () => {
    expect(goldens.cases.map((model) => ownOf(model).turnEnds)).toEqual([["<|im_end|>"], ["</s>"], ["<|eot_id|>"], ["</s>"], ["</s>"], ["<end_of_turn>"]]);
  });

  test("leave out the mark that the tokenizer puts ahead of every text, there alone", () => {
    const template = ownOf(golden("Llama-2"), marked);
    expect(template.opening(turnsIn("user"))).toBe("[INST] Hello [/INST]");
    expect(shown(template.segments(turnsIn("user assistant user assistant")))).toBe("[INST] Hello [/INST]⟦ Hi, é🙂! </s>⟧<s>[INST] {{ Bye }}? [/INST]⟦ Bye\n\nnow </s>⟧");
  });

  test("get turns of one role as one where they want them in turn, and refuse by a sentence what has no user first", () => {
    const template = ownOf(golden("Mistral"));
    const twice: readonly ChatTurn[] = [{ role: "user", content: "a" }, { role: "user", content: "b" }, { role: "assistant", content: "c" }];
    expect(shown(template.segments(twice))).toBe("<s>[INST] a\n\nb [/INST]⟦c</s>⟧ ");
    expect(() => template.segments([{ role: "assistant", content: "c" }])).toThrow(/^a conversation in the order assistant: the model's chat template refuses it \(Conversation roles must alternate/);
  });

  test("that open the assistant's turn otherwise when it is next, or drop what it thought, are learned by what it says", () => {
    const source = "{% for m in messages %}{% if m.role == 'assistant' %}<A>{{ m.content.split('</think>')[-1] }}<E>{% else %}<U>{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}<A><think>\n{% endif %}";
    const template = ownOf({ template: source, bos: "", eos: "<E>" });
    expect(shown(template.segments([{ role: "user", content: "a" }, { role: "assistant", content: "b" }, { role: "user", content: "c" }]))).toBe("<U>a<A>⟦b<E>⟧<U>c");
    expect(template.opening([{ role: "user", content: "a" }])).toBe("<U>a<A><think>\n");
  });

  test("that ask for the date get none, so that tomorrow reads the same", () => {
    const source = "{{ strftime_now('%d') if strftime_now is defined else '26 Jul' }}{% for m in messages %}{{ m.role + ':' + m.content + '\n' }}{% endfor %}";
    expect(ownOf({ template: source, bos: "", eos: "" }).opening([{ role: "user", content: "a" }])).toBe("26 Juluser:a\n");
  });
});

describe("the template", () => {
  test("may be one of several by name", () => {
    const { template: source } = golden("gemma");
    const files = { "tokenizer_config.json": { chat_template: [{ name: "tools", template: "{{ 1 }}" }, { name: "default", template: source }] } };
    expect(chatTemplateOf({ tokenizer: unmarked, tokenizerFiles: files }).opening([{ role: "user", content: "a" }])).toBe("<start_of_turn>user\na<end_of_turn>\n<start_of_turn>model\n");
  });

  test("is plain lines, which a person can type, where there is none, or none that renders what an assistant says", () => {
    const endless = "{% for i in range(1000000000) %}x{% endfor %}";
    for (const strange of [undefined, null, 3, "", "{{ messages", "{{ messages[0].content }}", "{{ raise_exception('no') }}", endless, [], [{}], { __proto__: null }]) {
      expect(chatTemplateOf({ tokenizer: unmarked, tokenizerFiles: { "tokenizer_config.json": { chat_template: strange } } }).id).toBe("plain");
    }
    for (const files of [{}, { "tokenizer_config.json": null }]) expect(chatTemplateOf({ tokenizer: unmarked, tokenizerFiles: files }).id).toBe("plain");
    const plain = chatTemplateOf({ tokenizer: unmarked, tokenizerFiles: {} });
    expect(shown(plain.segments(turnsIn("system user assistant user assistant")))).toBe("System:  Be brief. \nUser: Hello  \n\nAssistant:⟦  Hi, é🙂!\n$⟧\nUser:  {{ Bye }}?\nAssistant:⟦ Bye\n\nnow $⟧");
    expect(plain.opening([{ role: "user", content: "Hello" }])).toBe("User: Hello\nAssistant:");
    expect(plain.turnEnds).toEqual(["\nUser:"]);
  });
});
