"""Golden conversations: python3 tools/reference/chat_templates.py

Chat templates as the models named here publish them in tokenizer_config.json, rendered by Jinja2 in the environment that transformers'
apply_chat_template makes (utils/chat_template_utils.py): white space around blocks trimmed, raise_exception.

Needs Jinja2 alone (Debian: python3-jinja2).
"""
import json
import pathlib
import platform

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

TARGET = pathlib.Path(__file__).resolve().parents[2] / "src/tasks/text-generation/goldens/chat-templates.json"
ALTERNATE = "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
TEMPLATES = [
    ("Qwen2-0.5B-Instruct", "", "<|im_end|>", "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    ("Llama-2-7b-chat", "<s>", "</s>", "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}" + ALTERNATE + "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"),
    ("Meta-Llama-3-8B-Instruct", "<|begin_of_text|>", "<|eot_id|>", "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"),
    ("Mistral-7B-Instruct-v0.1", "<s>", "</s>", "{{ bos_token }}{% for message in messages %}" + ALTERNATE + "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token + ' ' }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"),
    ("zephyr-7b-beta, TinyLlama-1.1B-Chat", "<s>", "</s>", "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"),
    ("gemma-2-2b-it", "<bos>", "<eos>", "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}" + ALTERNATE + "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"),
]

WORDS = {"system": [" Be brief. "], "user": ["Hello  \n", " {{ Bye }}?"], "assistant": [" Hi, é🙂!\n", "Bye\n\nnow "]}
ORDERS = ["user", "user assistant", "user assistant user", "user assistant user assistant", "system user assistant", "system user assistant user assistant"]


def turns(order):
    seen = {}
    roles = order.split()
    for role in roles:
        seen.setdefault(role, iter(WORDS[role]))
    return [{"role": role, "content": next(seen[role])} for role in roles]


def refuse(why):
    raise jinja2.exceptions.TemplateError(why)


def rendered(template, bos, eos, messages, add_generation_prompt):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    try:
        return environment.from_string(template).render(messages=messages, bos_token=bos, eos_token=eos, add_generation_prompt=add_generation_prompt)
    except jinja2.exceptions.TemplateError:
        return None


def main():
    models = []
    for name, bos, eos, template in TEMPLATES:
        conversations = [{"order": order, "whole": rendered(template, bos, eos, turns(order), False), "opening": rendered(template, bos, eos, turns(order), True) if order.endswith("user") else None} for order in ORDERS]
        models.append({"name": name, "bos": bos, "eos": eos, "template": template, "conversations": conversations})
    note = {"script": "tools/reference/chat_templates.py", "command": "python3 tools/reference/chat_templates.py", "versions": {"python": platform.python_version(), "jinja2": jinja2.__version__}, "seed": "none", "tolerance": 0, "why": "texts are equal or not; null where the template refuses the order of turns", "words": WORDS}
    cases = ",\n".join("  " + json.dumps(model, separators=(",", ":")) for model in models)
    TARGET.write_text(f'{{\n"reference": {json.dumps(note)},\n"cases": [\n{cases}\n]\n}}\n')


if __name__ == "__main__":
    main()
